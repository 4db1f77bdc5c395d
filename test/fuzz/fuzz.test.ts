/** A short run of every target, always the same one: what the corpus remembers, then a few hundred new inputs each. */
import { describe, expect, it } from 'vitest';
import { Campaign, type Finding } from './campaign.js';
import { readCorpus } from './corpus.js';
import { Generator } from './generator.js';
import { promise, type Target, type Verdict } from './target.js';
import { TARGETS } from './targets.js';

const INPUTS = 300;

async function findingsOf(target: Target, inputs: number): Promise<{ findings: Finding[]; campaign: Campaign }> {
  const findings: Finding[] = [];
  const corpus = readCorpus(target.name).map(({ input }) => input);
  const observer = { onFinding: (finding: Finding) => findings.push(finding) };
  const campaign = new Campaign(target, corpus, new Generator(7), observer);
  await campaign.replay();
  await campaign.run(inputs);
  return { findings, campaign };
}

describe.each(TARGETS.map((target) => [target.name, target] as const))('%s', (_name, target) => {
  it('keeps its promises for any input, and takes the good ones', async () => {
    const { findings, campaign } = await findingsOf(target, INPUTS);
    expect(findings).toEqual([]);
    expect(campaign.inputs).toBeGreaterThanOrEqual(INPUTS);
    const verdicts: Verdict[] = [];
    for (const seed of target.seeds()) verdicts.push(await target.check(seed));
    expect(verdicts).toContain('accepted');
  });
});

it('finds a decoder that throws, and one that changes the meaning', async () => {
  const [honest] = TARGETS;
  const broken = (check: Target['check']): Target => ({ ...honest!, name: 'broken', check });
  const throwing = await findingsOf(
    broken((input) => {
      if (input[0] === 0x0b) throw new TypeError('cannot read');
      return 'refused';
    }),
    20_000,
  );
  expect(throwing.findings).toEqual([expect.objectContaining({ target: 'broken' })]);
  const changing = await findingsOf(
    broken((input) => {
      promise(input.length % 7 !== 3, 'means something else');
      return 'accepted';
    }),
    1000,
  );
  expect(changing.findings).toHaveLength(1);
});
