/** Which gate a plan needs: none for events, one that counts in memory, or one that counts in the application's store. */
import { ContributionBounds, type BoundsSettings } from './contribution-bounds.js';
import { MemoryGate, OpenGate, type ContributionGate, type NoteVisit } from './contribution-gate.js';
import { processMemory } from './contribution-memory.js';
import type { ContributionStore } from './contribution-store.js';
import { logWarning } from './log.js';
import { StoreGate } from './store-gate.js';

export interface GateSettings extends Omit<BoundsSettings, 'bounds'> {
  /** Counts in the memory of the process where it is left out. */
  readonly store: ContributionStore | undefined;
  /** Most spans that wait for the store. */
  readonly queueLimit: number;
}

export function createContributionGate(settings: GateSettings, note: NoteVisit): ContributionGate {
  const { bounds } = settings.plan.privacy;
  if (bounds === undefined) return new OpenGate();
  if (settings.store === undefined) {
    logWarning(
      'contributions are counted in memory: every start of the application counts as one of the processes that the ' +
        'plan declares; pass a contributionStore to go on counting after a restart',
    );
    return new MemoryGate(new ContributionBounds({ ...settings, bounds }, processMemory()), note);
  }
  return new StoreGate({ ...settings, bounds, store: settings.store }, note);
}
