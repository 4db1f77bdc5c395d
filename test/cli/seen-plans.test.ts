/** What a receiver remembers of its plans between starts. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { admitPlans } from '../../src/cli/seen-plans.js';
import { testPlan } from '../support/plans.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const shop = (sequence: number) => testPlan({ sequence });
const depot = (sequence: number) => testPlan({ name: 'depot', sequence });
const untrusted = expect.objectContaining({ code: 'untrusted_plan' }) as Error;

describe('plans that a receiver is started with', () => {
  it('are remembered in a folder it makes, and an older one alone is refused', () => {
    const folder = join(temporaryFolder(), 'data');
    admitPlans(folder, [shop(2)]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(() => {
      admitPlans(folder, [shop(1)]);
    }).toThrow(untrusted);
    admitPlans(folder, [shop(1), shop(2)]);
    admitPlans(folder, [shop(3), shop(1)]);
    expect(() => {
      admitPlans(folder, [shop(2), shop(1)]);
    }).toThrow(untrusted);
    expect(readdirSync(folder)).toEqual(['plan-sequences.json']);
  });

  it('are remembered by name, also while another name is refused or not loaded', () => {
    const folder = temporaryFolder();
    admitPlans(folder, [shop(3)]);
    expect(() => {
      admitPlans(folder, [shop(2), depot(5)]);
    }).toThrow(untrusted);
    admitPlans(folder, [depot(1)]);
    expect(JSON.parse(readFileSync(join(folder, 'plan-sequences.json'), 'utf8'))).toEqual({ shop: 3, depot: 1 });
  });

  it.each(['not json', '[]', '{"shop":"2"}', '{"shop":0}'])('a file that holds %s is refused by name', (text) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'plan-sequences.json'), text);
    expect(() => {
      admitPlans(folder, [shop(1)]);
    }).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });
});
