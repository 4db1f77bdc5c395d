/**
 * Whether the releases of a ledger keep to their selections: a cell of an open label's key follows the selection
 * that has the key, and the cell of all other keys follows a selection. For whoever reads the ledger from its start.
 */
import { OTHER_KEY } from '../plan/labels.js';
import type { EntryBody, ReservedBody, SealedBody } from './ledger-entry.js';
import { cellIdOf, selectionFor } from './release-id.js';

export class SelectedKeys {
  /** Cells of selections that are reserved, by release id. */
  readonly #reserved = new Map<string, string>();
  /** What may be released, by the selection's cell. */
  readonly #selected = new Map<string, ReadonlySet<string>>();

  /** Takes in the next entry; returns what is wrong with it. */
  follow(body: EntryBody): string | undefined {
    if (body.state === 'SEALED') this.#seal(body);
    return body.state === 'RESERVED' ? this.#reserve(body) : undefined;
  }

  #reserve({ releaseId, cell }: ReservedBody): string | undefined {
    if (cell.kind === 'selection') this.#reserved.set(releaseId, cellIdOf(cell));
    const keys = cell.labels.filter((label) => typeof label === 'string');
    if (keys.length === 0) return undefined;
    const selected = this.#selected.get(cellIdOf(selectionFor(cell)));
    return keys.every((key) => selected?.has(key)) ? undefined : 'it releases a key that was not selected';
  }

  /** Whatever came of it, all other keys together may be released afterwards. */
  #seal({ releaseId, outcome }: SealedBody): void {
    const cellId = this.#reserved.get(releaseId);
    if (cellId === undefined) return;
    this.#reserved.delete(releaseId);
    this.#selected.set(cellId, new Set([...(outcome.status === 'selected' ? outcome.keys : []), OTHER_KEY]));
  }
}
