/** A visit that waits for its outcome. Whoever waits may decide it first; it is decided once. */
import type { KeyOutcome } from './open-key.js';
import type { VisitOutcome } from './visit.js';

export interface PendingVisit {
  outcome: VisitOutcome | undefined;
  /** Of a visit that is admitted, and has one. */
  key?: KeyOutcome | undefined;
}
