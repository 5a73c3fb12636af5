import type { Outcome } from '../probe/types.ts';
import type { Completeness } from '../trace/trace.ts';

/** The result of `trace`. */
export interface TraceSummary {
  readonly source: string;
  /** The JSON Lines file that was written. */
  readonly outputPath: string;
  /** Distinct accesses in that file. */
  readonly accesses: number;
  readonly completeness: Completeness;
  readonly outcomes: readonly Outcome[];
}

/** The result of `clean`: one line of text each. */
export interface CleanReport {
  readonly removed: readonly string[];
  /** What another run is using, or could not be removed, and why. */
  readonly kept: readonly string[];
  readonly freedBytes: number;
}

/** The result of `doctor`: what this host can do. */
export interface Diagnosis {
  readonly engine: 'local';
  /** Whether images can be built here. */
  readonly usable: boolean;
  readonly checks: readonly HostCheck[];
}

export interface HostCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to install or change when it is not ok. */
  readonly hint?: string;
}
