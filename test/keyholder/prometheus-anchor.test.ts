import { describe, expect, test } from 'vitest';
import { PrometheusAnchor } from '../../src/keyholder/prometheus-anchor.js';
import { PrometheusApi } from '../support/prometheus-api.js';

const hashOf = (letter: string): string => letter.repeat(43);

async function started(plans: readonly string[] = ['shop', 'staff_2']) {
  const api = await PrometheusApi.start();
  return { api, anchor: new PrometheusAnchor(api.url, plans) };
}

describe('the newest published position', () => {
  test('is the one with the highest number, of the plans that run here', async () => {
    const { api, anchor } = await started();
    api.samples = [
      { plan: 'shop', sequence: 9, hash: hashOf('a') },
      { plan: 'staff_2', sequence: 10, hash: hashOf('b') },
      { plan: 'shop', sequence: 2, hash: hashOf('c') },
      { plan: 'another', sequence: 99, hash: hashOf('d') },
    ];
    expect(await anchor.read()).toEqual({ sequence: 10, hash: hashOf('b'), time: 1_700_000_000 });
    expect(api.queries).toHaveLength(1);
  });

  test('is looked for further back where the last scrape was long ago', async () => {
    const { api, anchor } = await started();
    api.samples = [
      { plan: 'shop', sequence: 9, hash: hashOf('a'), ageSeconds: 20 * 86_400 },
      { plan: 'shop', sequence: 8, hash: hashOf('b'), ageSeconds: 40 * 86_400 },
    ];
    expect(await anchor.read()).toEqual({ sequence: 9, hash: hashOf('a'), time: 1_700_000_000 });
    expect(api.queries).toHaveLength(3);
  });

  test('is none where nothing was ever published', async () => {
    const { anchor } = await started();
    expect(await anchor.read()).toBeUndefined();
  });

  test('is not what is no position', async () => {
    const { api, anchor } = await started();
    const sequences = ['', '-1', '1.5', '0', '99999999999999999', 'NaN'];
    api.samples = [
      ...sequences.map((sequence) => ({ plan: 'shop', sequence, hash: hashOf('a') })),
      { plan: 'shop', sequence: 7, hash: 'short' },
      { plan: 'shop', sequence: 3, hash: hashOf('e') },
    ];
    expect(await anchor.read()).toEqual({ sequence: 3, hash: hashOf('e'), time: 1_700_000_000 });
  });
});

describe('a server that is no Prometheus', () => {
  test.each([
    [500, 'broken'],
    [200, 'not json'],
    [200, '{"status":"error"}'],
    [200, '{"status":"success","data":{"resultType":"matrix","result":[]}}'],
    [200, `{"status":"success","pad":"${'x'.repeat(17 * 1024 * 1024)}"}`],
    [302, ''],
  ])('with status %i is unavailable', async (status, body) => {
    const { api, anchor } = await started();
    api.raw = { status, body };
    await expect(anchor.read()).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('or is not there', async () => {
    const { api, anchor } = await started();
    api.stop();
    await expect(anchor.read()).rejects.toMatchObject({ code: 'unavailable' });
  });
});

test.each(['prometheus', 'ftp://127.0.0.1', ''])('%s is no URL of one', (url) => {
  expect(() => new PrometheusAnchor(url, ['shop'])).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
});
