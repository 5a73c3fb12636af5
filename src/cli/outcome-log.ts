import type { Outcome } from '../probe/types.ts';
import type { ProgressEvent, ProgressSink } from '../progress.ts';
import type { ProbeReport } from '../report/report.ts';

/** Keeps what probes have found, for when the run comes to no result that would tell. */
export class OutcomeLog {
  readonly #fat = new Map<string, Outcome>();
  readonly #slim = new Map<string, Outcome>();

  /** A sink that keeps outcomes and hands every event on. */
  before(next: ProgressSink): ProgressSink {
    return (event) => {
      this.#keep(event);
      next(event);
    };
  }

  /** A row for each probe of the original image, without a verdict. */
  rows(): ProbeReport[] {
    return [...this.#fat].map(([probe, fat]) => {
      return { probe, fat, slim: this.#slim.get(probe) ?? null, equal: null, differences: [] };
    });
  }

  #keep(event: ProgressEvent): void {
    // Each round has a slim image of its own.
    if (event.kind === 'stage-start' && event.stage === 'verify') this.#slim.clear();
    if (event.kind !== 'outcomes') return;
    const found = event.image === 'fat' ? this.#fat : this.#slim;
    for (const outcome of event.outcomes) found.set(outcome.probe, outcome);
  }
}
