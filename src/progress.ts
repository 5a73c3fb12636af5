/** The stages of a run, in the order a user sees them. */
export type Stage = 'connect' | 'open' | 'trace' | 'plan' | 'pack' | 'verify' | 'heal' | 'write' | 'report';

/** What the core tells about itself while it works. Nothing in the core prints: the command line renders these. */
export type ProgressEvent =
  | { kind: 'stage-start'; stage: Stage; text: string }
  | { kind: 'stage-progress'; stage: Stage; text: string }
  | { kind: 'stage-end'; stage: Stage; text: string; durationMs: number }
  | { kind: 'warning'; text: string }
  | { kind: 'detail'; text: string };

export type ProgressSink = (event: ProgressEvent) => void;
