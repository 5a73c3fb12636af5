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
  /** Whether images can be built here, with any engine. */
  readonly usable: boolean;
  /** The built-in engine, and what it needs of this host. */
  readonly local: { readonly usable: boolean; readonly checks: readonly HostCheck[] };
  /** Every place where a daemon was looked for, in the order a run would. */
  readonly daemons: readonly DaemonCheck[];
}

export interface DaemonCheck {
  /** What names the place: an option, a variable, a context, or the product that is usually there. */
  readonly origin: string;
  readonly address: string;
  readonly ok: boolean;
  /** What answers, or why nothing does. */
  readonly detail: string;
  readonly hint?: string;
}

export interface HostCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to install or change when it is not ok. */
  readonly hint?: string;
}
