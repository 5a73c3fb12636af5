import type { Container } from '../engine/types.ts';

/** From which byte of a log on its lines belong to a phase. */
export interface PhaseStart {
  readonly name: string;
  readonly startOffset: number;
}

/**
 * Notes which part of each trace log was written in which phase of a run. The tracer writes a line before the traced
 * process goes on, so the size of a log at the moment a phase begins is exactly where its lines begin.
 */
export class PhaseLog {
  readonly #container: Container;
  readonly #starts = new Map<string, PhaseStart[]>();
  #phase = 'start';

  constructor(container: Container) {
    this.#container = container;
  }

  /** Ends the current phase and begins another one. */
  async enter(phase: string): Promise<void> {
    await this.#adoptNewLogs();
    for (const [log, starts] of this.#starts) {
      starts.push({ name: phase, startOffset: await this.#container.logSize(log) });
    }
    this.#phase = phase;
  }

  /** Every log with its phases in order of offset. */
  async logs(): Promise<ReadonlyMap<string, readonly PhaseStart[]>> {
    await this.#adoptNewLogs();
    return this.#starts;
  }

  /** A log that appeared in this phase belongs to it from its first byte. */
  async #adoptNewLogs(): Promise<void> {
    for (const log of await this.#container.logNames()) {
      if (!this.#starts.has(log)) this.#starts.set(log, [{ name: this.#phase, startOffset: 0 }]);
    }
  }
}
