import type { ProgressSink, Stage } from './progress.ts';

/** Times the stages of a run and tells about them. A stage that is entered again adds to its time. */
export class Stages {
  readonly #durations = new Map<Stage, number>();
  readonly #progress: ProgressSink;

  constructor(progress: ProgressSink) {
    this.#progress = progress;
  }

  /** Runs one stage. `summary` says in a line what came out of it. */
  async run<T>(stage: Stage, text: string, work: () => Promise<T>, summary: (result: T) => string): Promise<T> {
    this.#progress({ kind: 'stage-start', stage, text });
    const startedAt = performance.now();
    const result = await work();
    const durationMs = Math.round(performance.now() - startedAt);
    this.#durations.set(stage, (this.#durations.get(stage) ?? 0) + durationMs);
    this.#progress({ kind: 'stage-end', stage, text: summary(result), durationMs });
    return result;
  }

  /** Stages in the order they were first entered. */
  durations(): { stage: Stage; durationMs: number }[] {
    return [...this.#durations].map(([stage, durationMs]) => ({ stage, durationMs }));
  }
}
