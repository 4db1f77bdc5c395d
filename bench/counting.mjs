// @ts-check
/**
 * What the processor adds to a span's end on the application's thread: where nothing is selected, and where a span of a
 * coalesced report is stripped, counted and handed on as a view.
 */
import { Worker } from 'node:worker_threads';
import { median } from './harness.mjs';

/** Threads of each kind, in turn, so that a machine that gets slower does so for both. */
const PAIRS = 3;

/**
 * @typedef {object} Scene
 * @property {{ name: string, of: 'server' | 'plain' | 'unique' | 'user' }} spans the report takes those named bench
 * @property {boolean} reads whether the inner processor reads every attribute
 * @property {string[]} redact
 * @property {boolean} isSealed whether the processor stands in front of the inner one
 */

const SERVER = { spans: { name: 'bench', of: 'server' }, reads: false, redact: [] };

/** @returns {Promise<import('./harness.mjs').Result[]>} */
export async function counting() {
  const untouched = await addedMicros({ ...SERVER, spans: { name: 'other', of: 'plain' } });
  return [
    {
      name: 'processor.untouched',
      median: untouched.added,
      unit: 'us',
      bits: 0,
      peer: { name: 'span.end', median: untouched.plain },
    },
    await rate('coalesce.count', SERVER),
    await rate('coalesce.count.read', { ...SERVER, reads: true }),
    await rate('coalesce.count.unique', { ...SERVER, spans: { name: 'bench', of: 'unique' } }),
    await rate('coalesce.count.undeclared', {
      ...SERVER,
      spans: { name: 'bench', of: 'user' },
      redact: ['enduser.id'],
    }),
  ];
}

/** @param {string} name @param {object} scene @returns {Promise<import('./harness.mjs').Result>} */
async function rate(name, scene) {
  const { plain, added } = await addedMicros(scene);
  return {
    name,
    median: 1e6 / added,
    unit: 'spans/s',
    bits: 0,
    peer: { name: 'span.end', median: 1e6 / plain },
    ratio: plain / added,
  };
}

/** Microseconds of `span.end()` with a processor that does nothing, and what the sealing one in front adds. @param {object} scene */
async function addedMicros(scene) {
  const plain = [];
  const behind = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    plain.push(await endMicros({ ...scene, isSealed: false }));
    behind.push(await endMicros({ ...scene, isSealed: true }));
  }
  return { plain: median(plain), added: median(behind) - median(plain) };
}

/** @param {object} workerData @returns {Promise<number>} */
function endMicros(workerData) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./counting-worker.mjs', import.meta.url), { workerData });
    worker.on('message', resolve);
    worker.on('error', reject);
  });
}
