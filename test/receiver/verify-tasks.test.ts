import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EnvelopeShapes } from '../../src/receiver/envelope-shapes.js';
import { FULL_TASK, verifyTasks } from '../../src/receiver/verify-tasks.js';
import { EnvelopeVerifier } from '../../src/wire/verify.js';
import { fromBase64Url } from '../../src/bytes.js';
import { envelope, key, plan } from './harness.js';

const branches = fc.array(fc.integer({ min: 1, max: 2048 }), { maxLength: 400 });

test('tasks keep every envelope in order and are bounded in envelopes and branches', () => {
  fc.assert(
    fc.property(branches, (costs) => {
      const envelopes = costs.map((cost, index) => ({ bytes: Uint8Array.of(index), branches: cost }));
      const tasks = verifyTasks(envelopes, FULL_TASK);
      expect(tasks.flat()).toEqual(envelopes.map(({ bytes }) => bytes));
      let next = 0;
      for (const task of tasks) {
        const cost = costs.slice(next, (next += task.length)).reduce((sum, each) => sum + each, 0);
        expect(task.length).toBeLessThanOrEqual(FULL_TASK.envelopes);
        if (task.length > 1) expect(cost).toBeLessThanOrEqual(FULL_TASK.branches);
      }
    }),
  );
});

test('what an envelope costs follows from its plan', () => {
  const shapes = new EnvelopeShapes([plan], [key]);
  const read = new EnvelopeVerifier([plan], [key]).readHeader(fromBase64Url(envelope())!);
  // A flag: true, false, absent. A category: absent, three values, other.
  expect(read.ok && shapes.branches(read.header)).toBe(3 + 5);
  expect(shapes.longestText).toBe(envelope().length);
});
