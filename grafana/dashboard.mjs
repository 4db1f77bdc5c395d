// @ts-check
/** What all dashboards share, and their variables. */
import {
  DashboardBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';

/**
 * @param {string} uid
 * @param {string} title
 * @param {string} description
 */
export function dashboard(uid, title, description) {
  // The schema that every Grafana reads; that of its successor is read from version 12 on only.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  return new DashboardBuilder(title)
    .uid(`telemetry-kit-${uid}`)
    .description(description)
    .tags(['telemetry-kit'])
    .time({ from: 'now-24h', to: 'now' })
    .refresh('1m')
    .readonly();
}

/** The Prometheus of released values. */
export function released() {
  return new DatasourceVariableBuilder('released').label('Released values').type('prometheus');
}

/** The operators' Prometheus. */
export function ops() {
  return new DatasourceVariableBuilder('ops').label('Operations').type('prometheus');
}

/**
 * @param {string} name
 * @param {string} label
 * @param {string} query
 * @param {string} [regex] what of an answer is the value
 */
export function choice(name, label, query, regex = '') {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource({ type: 'prometheus', uid: '${released}' })
    .query({ query, refId: name })
    .regex(regex)
    .refresh(VariableRefresh.OnTimeRangeChanged);
}
