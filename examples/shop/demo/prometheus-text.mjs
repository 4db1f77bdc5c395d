// @ts-check
/** Reads the Prometheus text format, as far as gauges and counters need it. */

/** @typedef {{ readonly name: string, readonly labels: Readonly<Record<string, string>>, readonly value: number }} Sample */

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \d+)?$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/**
 * @param {string} text
 * @returns {Sample[]}
 */
export function parsePrometheusText(text) {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value = ''] = LINE.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(LABEL)].map(([, key = '', quoted = '']) => [key, unescape(quoted)]);
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });
}

/** @param {string} quoted */
function unescape(quoted) {
  return quoted.replaceAll(/\\(.)/g, (_, character) => (character === 'n' ? '\n' : String(character)));
}

/**
 * @param {string} url
 * @param {AbortSignal} signal
 */
export async function scrape(url, signal) {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`${url} answered ${String(response.status)}`);
  return parsePrometheusText(await response.text());
}
