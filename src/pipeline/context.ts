import type { ProgressSink } from '../progress.ts';
import type { RecordOptions } from '../trace/record.ts';

/** What a run is given by whoever calls it. */
export interface RunContext {
  readonly signal: AbortSignal;
  readonly progress: ProgressSink;
  /** Resolves when the user has pressed enter, or sent SIGUSR1. */
  readonly userSignal?: (kind: 'enter' | 'signal') => Promise<void>;
  readonly version: string;
}

/** How a run of a container is aborted, and what it tells meanwhile. */
export function recordOptions(
  { signal, progress }: RunContext,
  stage: 'trace' | 'verify',
  image: 'fat' | 'slim' = 'fat',
): RecordOptions {
  return {
    signal,
    progress: (text) => progress({ kind: 'stage-progress', stage, text }),
    found: (outcomes) => progress({ kind: 'outcomes', image, outcomes }),
  };
}
