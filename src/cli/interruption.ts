import { constants } from 'node:os';

/** A signal has told the program to stop: why everything that waits is aborted. */
export class Interruption extends Error {
  /** As a shell gives it. */
  readonly exitStatus: number;

  constructor(signal: NodeJS.Signals) {
    super(`stopped by ${signal}`);
    this.exitStatus = 128 + constants.signals[signal];
  }
}
