/**
 * What a chain remembers of releases, to see that each is reserved once, then sealed, then published. A chain that
 * begins at a snapshot asks for the earlier ones elsewhere.
 */
import type { EntryBody, ReservedBody } from './ledger-entry.js';
import { cellIdOf } from './release-id.js';

/** What is known of a release: the decision about its budget and how far it came. */
export interface Progress {
  /** Number of the entry that reserved it. */
  readonly sequence: number;
  readonly isSelection: boolean;
  /** Integers that it releases: each has noise of its own. */
  readonly slots: number;
  readonly decision: ReservedBody['decision'];
  readonly state: EntryBody['state'];
}

export interface EarlierReleases {
  progressOf(releaseId: string): Progress | undefined;
  hasCell(cellId: string): boolean;
}

export class ReleaseHistory {
  readonly #earlier: EarlierReleases | undefined;
  readonly #releases = new Map<string, Progress>();
  readonly #cells = new Set<string>();

  constructor(earlier?: EarlierReleases) {
    this.#earlier = earlier;
  }

  progressOf(releaseId: string): Progress | undefined {
    return this.#releases.get(releaseId) ?? this.#earlier?.progressOf(releaseId);
  }

  isReserved({ releaseId, cell }: ReservedBody): boolean {
    const cellId = cellIdOf(cell);
    const isKnown = this.#cells.has(cellId) || this.progressOf(releaseId) !== undefined;
    return isKnown || (this.#earlier?.hasCell(cellId) ?? false);
  }

  /** `sequence`: number of the entry. */
  record(body: EntryBody, sequence: number): void {
    switch (body.state) {
      case 'RESERVED':
        this.#cells.add(cellIdOf(body.cell));
        this.#releases.set(body.releaseId, progressAt(body, { sequence, state: body.state }));
        return;
      case 'SEALED':
      case 'PUBLISHED': {
        const progress = this.progressOf(body.releaseId);
        if (progress !== undefined) this.#releases.set(body.releaseId, { ...progress, state: body.state });
        return;
      }
      default:
        return;
    }
  }
}

export function progressAt(
  { cell, decision, noise }: ReservedBody,
  at: { readonly sequence: number; readonly state: EntryBody['state'] },
): Progress {
  return { ...at, isSelection: cell.kind === 'selection', slots: noise.length, decision };
}
