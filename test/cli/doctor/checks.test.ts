/** Every check of the doctor: what is well, what is not, and that what is not says what to do. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkSampler, checkValueLength } from '../../../src/cli/doctor/application-checks.js';
import type { Finding } from '../../../src/cli/doctor/finding.js';
import { checkCertificate, checkDurability, checkKeyLength } from '../../../src/cli/doctor/service-checks.js';
import { systemClock } from '../../../src/clock.js';
import { TestAuthority } from '../../support/openssl.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const SPAN_LIMIT = 'OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT';

test.each<[Finding['status'], string, Finding]>([
  ['ok', 'no sampler is set', checkSampler({})],
  ['ok', 'an always-on sampler', checkSampler({ OTEL_TRACES_SAMPLER: 'always_on' })],
  ['fault', 'a ratio sampler', checkSampler({ OTEL_TRACES_SAMPLER: 'traceidratio' })],
  ['ok', 'no length limit', checkValueLength({}, 5000)],
  ['ok', 'a limit that is long enough', checkValueLength({ [SPAN_LIMIT]: '5000' }, 5000)],
  ['fault', 'a limit that is too short', checkValueLength({ [SPAN_LIMIT]: '4999' }, 5000)],
  ['fault', 'the general limit', checkValueLength({ OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '128' }, 5000)],
  ['warning', 'a limit without a plan to compare', checkValueLength({ [SPAN_LIMIT]: '128' }, undefined)],
  ['ok', 'a key of 3072 bits', checkKeyLength('kid', 3072)],
  ['warning', 'a key of 2048 bits', checkKeyLength('kid', 2048)],
  ['ok', 'ext4', checkDurability('/data', () => 0xef53)],
  ['fault', 'tmpfs', checkDurability('/data', () => 0x01021994)],
  ['fault', 'a layer of a container', checkDurability('/data', () => 0x794c7630)],
])('%s: %s', (status, _, finding) => {
  expect(finding.status).toBe(status);
  expect(finding.fix === undefined).toBe(status === 'ok');
});

test.each<[number, Finding['status']]>([
  [0, 'ok'],
  [35, 'warning'],
  [61, 'fault'],
])('a certificate for 60 days is after %i days: %s', (days, status) => {
  const { cert } = new TestAuthority(temporaryFolder(), 'authority').issue({ name: 'receiver', days: 60 });
  const finding = checkCertificate(cert, readFileSync(cert, 'utf8'), systemClock() + days * 86_400_000);
  expect(finding.status).toBe(status);
});
