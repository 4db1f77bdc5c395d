/** What values and visits count as: counted for the application's own eyes, and said once where it looks like a mistake. */
import type { ClassifiedSpan } from './contribution.js';
import type { ProcessorStats } from './processor-stats.js';
import type { VisitOutcome } from './visit.js';
import type { Warnings } from './warnings.js';

export class ContributionNotes {
  readonly #stats: ProcessorStats;
  readonly #warnings: Warnings;

  constructor(stats: ProcessorStats, warnings: Warnings) {
    this.#stats = stats;
    this.#warnings = warnings;
  }

  noteValues({ report, values }: ClassifiedSpan): void {
    for (let index = 0; index < values.length; index += 1) {
      const outcome = values[index]?.outcome ?? 'absent';
      this.#stats.countValue(outcome);
      if (outcome !== 'wrong_type' && outcome !== 'undeclared') continue;
      const name = report.measurements[index]?.measurement.name ?? '';
      this.#warnings.once(`measurement ${name} met a value it has no place for (${outcome}), which counts as absent`);
    }
  }

  noteVisit(outcome: VisitOutcome, report: string): void {
    this.#stats.visits[outcome] += 1;
    if (outcome === 'no_subject') {
      this.#warnings.once(`spans of report ${report} name no subject (a text or a number), and count as absent`);
    } else if (outcome === 'too_many_subjects') {
      this.#warnings.once(
        'more subjects than contributionCounterLimit: new ones count as absent until the next period',
      );
    }
  }
}
