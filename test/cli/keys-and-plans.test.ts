/** `init`, `keys` and `plan` through the built command: what is written, and what every fault says. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readKeyHolderConfig } from '../../src/cli/service-config.js';
import { assertWithinCeiling, parseCeilings } from '../../src/keyholder/ceilings.js';
import { parsePlan } from '../../src/plan/check.js';
import { compilePlan } from '../../src/plan/compile.js';
import { openSignedPlan } from '../../src/plan/document.js';
import { decodePublicKey } from '../../src/wire/public-key-document.js';
import { testPlanDocument } from '../support/plans.js';
import { run, temporaryFolder } from './command.js';

const PASSPHRASE = 'correct horse battery staple';

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** Every failure is one line with a code and no stack trace. */
function expectOneLine(stderr: string, code: string): void {
  expect(stderr).toMatch(new RegExp(`^telemetry-kit: error \\[${code}\\] .+; .+\\n$`));
}

describe('telemetry-kit init', () => {
  it('writes one folder for each party, with secrets where they belong and nowhere else', async () => {
    const folder = temporaryFolder();
    const { code, stdout, stderr } = await run(['init', folder, '--bits', '2048', '--name', 'shop', '--json']);
    expect(stderr).toContain('2 of 2 primes found');
    expect(code).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(['application', 'keyholder', 'owner', 'receiver', 'run']);

    const { ownerKey, planHash, kid } = JSON.parse(stdout) as Record<string, string>;
    const plan = openSignedPlan(readJson(join(folder, 'application/plan.json')), { ownerKey: ownerKey ?? '' });
    expect(plan.hashText).toBe(planHash);
    expect(plan.plan.name).toBe('shop');
    expect(decodePublicKey(readJson(join(folder, 'application/public-key.json'))).kid).toBe(kid);
    expect(readFileSync(join(folder, 'application/telemetry.mjs'), 'utf8')).toContain(ownerKey);

    for (const secret of ['keyholder/private-key.json', 'keyholder/passphrase', 'owner/owner-key.json']) {
      expect(statSync(join(folder, secret)).mode & 0o777).toBe(0o600);
    }
    for (const shared of ['application', 'receiver']) {
      expect(readdirSync(join(folder, shared)).filter((file) => /private|owner|passphrase/.test(file))).toEqual([]);
    }

    const again = await run(['init', folder]);
    expect(again.code).toBe(1);
    expectOneLine(again.stderr, 'invalid_configuration');
    expect(
      JSON.parse((await run(['keys', 'show', join(folder, 'keyholder/private-key.json'), '--json'])).stdout),
    ).toEqual({ kind: 'Paillier private key, sealed', kid });
    const check = await run(['plan', 'check', join(folder, 'application/plan.json')]);
    expect(check).toMatchObject({ code: 0, stderr: '' });
    expect(check.stdout).toContain(ownerKey);
    expect((await run(['plan', 'hash', join(folder, 'owner/plan.json')])).stdout.trim()).toBe(planHash);
  });

  it('allows the key holder what a sum costs, its count included, and no other domain', async () => {
    const folder = temporaryFolder();
    const [report] = testPlanDocument().reports;
    const range = { min: '0', max: '500', scale: '0.01' };
    const amount = { name: 'amount', attribute: 'amount', kind: 'sum', ...range, epsilon: '0.75', countEpsilon: '0.5' };
    const plan = { ...testPlanDocument(), reports: [{ ...report, measurements: [...report!.measurements, amount] }] };
    writeFileSync(join(folder, 'plan.json'), JSON.stringify(plan));
    const made = await run(['init', join(folder, 'made'), '--bits', '2048', '--plan', join(folder, 'plan.json')]);
    expect(made.code).toBe(0);
    expect(readJson(join(folder, 'made/keyholder/config.json'))).toMatchObject({
      ceilings: { epsilonPerPeriod: '20', period: 'day', epsilonPerRelease: '1.25' },
      domains: ['shop'],
    });
  });

  it('allows the key holder what Gaussian noise over several processes costs, and its delta', async () => {
    const folder = temporaryFolder();
    const document = testPlanDocument();
    const plan = {
      ...document,
      privacy: {
        ...document.privacy,
        unit: 'user-period',
        epsilon: '8',
        delta: '0.000001',
        mechanism: 'discrete-gaussian',
        bounds: { subject: 'user.id', visits: 20, visitsPerWindow: 1, processes: 2 },
      },
    };
    writeFileSync(join(folder, 'plan.json'), JSON.stringify(plan));
    const made = join(folder, 'made');
    const outcome = await run(['init', made, '--bits', '2048', '--plan', join(folder, 'plan.json')]);
    expect(outcome).toMatchObject({ code: 0 });
    const { ceilings } = readKeyHolderConfig(join(made, 'keyholder'));
    expect(ceilings).toMatchObject({ epsilonPerPeriod: '8', deltaPerPeriod: '0.000001' });
    const { plan: signed } = readJson(join(made, 'keyholder/plan.json')) as { plan: unknown };
    const compiled = compilePlan(parsePlan(signed));
    expect(() => {
      assertWithinCeiling(compiled, parseCeilings(ceilings));
    }).not.toThrow();
    // As much as it costs, and not a millionth less.
    const less = String(Number(ceilings.epsilonPerRelease) - 0.000001);
    expect(() => {
      assertWithinCeiling(compiled, parseCeilings({ ...ceilings, epsilonPerRelease: less }));
    }).toThrow(/costs epsilon/);
  });

  it('finds a fault in the plan before it spends time on a key', async () => {
    const folder = temporaryFolder();
    const { code, stderr } = await run(['init', join(folder, 'x'), '--name', 'No Spaces']);
    expect(code).toBe(1);
    expectOneLine(stderr, 'invalid_plan');
    expect(stderr).toContain('name: ');
    expect(existsSync(join(folder, 'x'))).toBe(false);
  });
});

describe('telemetry-kit keys', () => {
  it('seals the private key under the passphrase and never overwrites one', async () => {
    const folder = temporaryFolder();
    const generate = ['keys', 'generate', '--bits', '2048', '--out', folder];
    const made = await run(generate, { TELEMETRY_KIT_PASSPHRASE: PASSPHRASE });
    expect(made.code).toBe(0);
    expect(statSync(join(folder, 'private-key.json')).mode & 0o777).toBe(0o600);
    const before = readFileSync(join(folder, 'private-key.json'), 'utf8');

    const again = await run(generate, { TELEMETRY_KIT_PASSPHRASE: PASSPHRASE });
    expect(again.code).toBe(1);
    expectOneLine(again.stderr, 'invalid_configuration');
    expect(readFileSync(join(folder, 'private-key.json'), 'utf8')).toBe(before);
    expect(made.stdout + made.stderr + before).not.toContain(PASSPHRASE);
  });

  it.each([
    ['no passphrase and no terminal', {}, 'invalid_configuration'],
    ['an empty passphrase', { TELEMETRY_KIT_PASSPHRASE: '' }, 'invalid_configuration'],
    ['a passphrase that is too short', { TELEMETRY_KIT_PASSPHRASE: 'eleven char' }, 'invalid_argument'],
  ])('makes nothing with %s', async (_name, environment, code) => {
    const folder = temporaryFolder();
    const outcome = await run(['keys', 'generate', '--out', folder], environment);
    expect(outcome.code).toBe(1);
    expectOneLine(outcome.stderr, code);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses sizes that are no key sizes as a wrong command line', async () => {
    expect((await run(['keys', 'generate', '--bits', '1024', '--out', temporaryFolder()])).code).toBe(2);
  });

  it('shows nothing of a file that is no key', async () => {
    const file = join(temporaryFolder(), 'x.json');
    writeFileSync(file, '{"p":"7"}');
    const { code, stdout, stderr } = await run(['keys', 'show', file]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expectOneLine(stderr, 'invalid_key');
  });
});

describe('telemetry-kit plan', () => {
  function planFile(document: object): string {
    const file = join(temporaryFolder(), 'plan.json');
    writeFileSync(file, JSON.stringify(document));
    return file;
  }

  it('names the path of every fault and what to do', async () => {
    const plan = testPlanDocument();
    const [report] = plan.reports;
    const file = planFile({ ...plan, privacy: { ...plan.privacy, unit: 'user-period' }, reports: [report, report] });
    const text = await run(['plan', 'check', file]);
    expect(text.code).toBe(1);
    expect(text.stdout).toMatch(/privacy\.bounds +are missing/);
    expect(text.stdout).toMatch(/reports +"checkout" appears twice/);
    const { valid, issues } = JSON.parse((await run(['plan', 'check', file, '--json'])).stdout) as {
      valid: boolean;
      issues: { path: string }[];
    };
    expect(valid).toBe(false);
    expect(issues.map(({ path }) => path)).toEqual(['reports', 'privacy.epsilon', 'privacy.bounds']);
  });

  it('forecasts what a plan shows so many users, and refuses a population that is none', async () => {
    const file = planFile(testPlanDocument());
    const { code, stdout } = await run(['plan', 'check', file, '--users', '500']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/with 500 users a day and 2 visits each/);
    expect(stdout).toMatch(/checkout\.success true +0 +\d+/);
    const json = JSON.parse((await run(['plan', 'check', file, '--users', '500', '--json'])).stdout) as {
      forecast: { series: object[] };
    };
    expect(json.forecast.series).toHaveLength(6);
    const refused = await run(['plan', 'check', file, '--users', 'many']);
    expect(refused.code).toBe(1);
    expectOneLine(refused.stderr, 'invalid_argument');
  });

  it('says that a signature does not fit a changed plan', async () => {
    const signature = { algorithm: 'Ed25519', publicKey: 'A'.repeat(43), value: 'A'.repeat(86) };
    const { code, stdout } = await run(['plan', 'check', planFile({ plan: testPlanDocument(), signature })]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/signature +does not fit the plan/);
  });

  it('warns of what a careful author wants to know', async () => {
    const { code, stdout } = await run(['plan', 'check', planFile(testPlanDocument())]);
    expect(code).toBe(0);
    expect(stdout).toContain('a window costs epsilon');
  });

  it('says which file is missing or is no JSON', async () => {
    const missing = await run(['plan', 'check', 'no-such-plan.json']);
    expectOneLine(missing.stderr, 'invalid_configuration');
    const file = join(temporaryFolder(), 'plan.json');
    writeFileSync(file, '{');
    const broken = await run(['plan', 'hash', file]);
    expectOneLine(broken.stderr, 'invalid_configuration');
    expect(broken.stderr).toContain('is not JSON');
  });

  it('signs with the owner key only under its passphrase', async () => {
    const folder = temporaryFolder();
    const made = await run(['init', folder, '--bits', '2048', '--json'], { TELEMETRY_KIT_PASSPHRASE: PASSPHRASE });
    const { ownerKey } = JSON.parse(made.stdout) as { ownerKey: string };
    expect(existsSync(join(folder, 'owner/passphrase'))).toBe(false);
    const plan = readJson(join(folder, 'owner/plan.json')) as object;
    const next = join(folder, 'owner/next.json');
    writeFileSync(next, JSON.stringify({ ...plan, sequence: 2 }));
    const sign = ['plan', 'sign', next, '--owner-key', join(folder, 'owner/owner-key.json'), '--out'];

    const refused = await run([...sign, join(folder, 'a.json')], { TELEMETRY_KIT_PASSPHRASE: 'not the passphrase' });
    expect(refused.code).toBe(1);
    expectOneLine(refused.stderr, 'wrong_passphrase');
    expect(existsSync(join(folder, 'a.json'))).toBe(false);

    const signed = await run([...sign, join(folder, 'b.json')], { TELEMETRY_KIT_PASSPHRASE: PASSPHRASE });
    expect(signed.code).toBe(0);
    expect(openSignedPlan(readJson(join(folder, 'b.json')), { ownerKey, minimumSequence: 2 }).plan.sequence).toBe(2);
  });
});

describe('the command line', () => {
  it.each([[[]], [['frobnicate']], [['init']], [['up']], [['plan', 'sign', 'x']]])('%j ends with 2', async (line) => {
    expect((await run(line)).code).toBe(2);
  });

  it('explains itself and its exit codes', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('Exit codes:');
  });
});
