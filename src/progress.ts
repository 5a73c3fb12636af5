import type { Outcome } from './probe/types.ts';

/** The stages of a run, in the order a user sees them. */
export type Stage = 'connect' | 'open' | 'trace' | 'plan' | 'pack' | 'verify' | 'heal' | 'write' | 'report';

/** What the core tells about itself while it works. Nothing in the core prints: the command line renders these. */
export type ProgressEvent =
  | { kind: 'stage-start'; stage: Stage; text: string }
  | { kind: 'stage-progress'; stage: Stage; text: string }
  | { kind: 'stage-end'; stage: Stage; text: string; durationMs: number }
  /** What a probe has just found. A later outcome of the same probe on the same image takes the place of an earlier one. */
  | { kind: 'outcomes'; image: 'fat' | 'slim'; outcomes: readonly Outcome[] }
  | { kind: 'warning'; text: string }
  | { kind: 'detail'; text: string };

export type ProgressSink = (event: ProgressEvent) => void;
