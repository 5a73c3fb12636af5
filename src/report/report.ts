import type { Outcome } from '../probe/types.ts';

/** One file-system path as it is shown: see `displayPath`. */
export type ShownPath = string;

/**
 * The result of a run, as written to the report file and to stdout with `--json`. Everything else (text, explain) is a
 * rendering of it. Serialisable; paths are in display form.
 */
export interface Report {
  readonly schemaVersion: 1;
  readonly tool: { readonly name: 'trace-slim'; readonly version: string };
  readonly status: 'verified' | 'not-verified' | 'differs';
  readonly fat: ImageSummary;
  readonly slim: ImageSummary | null;
  /** fat size / slim size. */
  readonly reduction: number | null;
  readonly outputs: readonly { readonly destination: string; readonly digest: string }[];
  /** The names under which it was written, anywhere. */
  readonly tags: readonly string[];
  readonly engine: string;
  readonly tracer: string;
  /** Whether the tracer started the application, or was attached to it so that it keeps its privileges. */
  readonly tracing: 'wrap' | 'attach';
  readonly stages: readonly { readonly stage: string; readonly durationMs: number }[];
  readonly trace: {
    readonly complete: boolean;
    readonly losses: readonly string[];
    readonly notes: readonly string[];
    readonly lines: number;
    readonly unparsedLines: number;
    readonly unparsedSamples: readonly string[];
    readonly accesses: number;
  };
  readonly probes: readonly ProbeReport[];
  readonly rounds: readonly RoundReport[];
  /** Where to look first when outcomes differ. */
  readonly suspicion: Suspicion | null;
  /** When the images differ: what the fat image's runs used and the slim image has otherwise, the first of it. */
  readonly altered: { readonly total: number; readonly paths: readonly AlteredPath[] };
  /** Lines in which only the slim image's application reports errors, at most twenty; they are not compared otherwise. */
  readonly logErrors: readonly string[];
  /** Files that only some of the traced runs used, the first of them. */
  readonly unstable: { readonly total: number; readonly paths: readonly ShownPath[] };
  readonly budgets: readonly BudgetReport[];
  readonly kept: readonly KeptPath[];
  readonly removed: readonly RemovedGroup[];
  /** What patterns of the user have taken out although it would have been kept. */
  readonly excluded: readonly { readonly pattern: string; readonly paths: readonly ShownPath[] }[];
  /** Paths of the slim image whose owner or mode the user has changed. */
  readonly permissions: readonly PermissionEdit[];
  readonly warnings: readonly string[];
}

/** What is told of a run that ended without a result; written to stdout with `--json`, and to where CI looks. */
export interface FailureReport {
  readonly schemaVersion: 1;
  readonly tool: Report['tool'];
  readonly status: 'error';
  readonly exitStatus: number;
  readonly error: {
    /** An `ErrorCode`, `INTERNAL` for a bug of this program, `INTERRUPTED` by a signal. */
    readonly code: string;
    readonly message: string;
    readonly hint: string | null;
    /** Machine facts; what the application printed last is in `log`. */
    readonly context: Readonly<Record<string, unknown>>;
  };
  /** The original image as the user named it; null when the command was about none, or its options are at fault. */
  readonly source: string | null;
  /** What probes had found by then; not compared. */
  readonly probes: readonly ProbeReport[];
  /** Those of the probes that failed on the original image and by that ended the run. */
  readonly failedProbes: readonly string[];
}

export interface PermissionEdit {
  readonly path: ShownPath;
  readonly fat: OwnerAndMode;
  readonly slim: OwnerAndMode;
}

export interface OwnerAndMode {
  /** 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface ImageSummary {
  readonly source: string;
  readonly digest: string;
  readonly platform: string;
  readonly layers: number;
  /** Sum of regular files' sizes. */
  readonly sizeBytes: number;
  /** Number of paths. */
  readonly entries: number;
}

export interface ProbeReport {
  readonly probe: string;
  readonly fat: Outcome;
  readonly slim: Outcome | null;
  readonly equal: boolean | null;
  readonly differences: readonly Difference[];
}

export interface Difference {
  readonly fact: string;
  readonly fat: string;
  readonly slim: string;
  /** A few lines that show where they part. */
  readonly diff: string;
}

/** What came of one `--fail-if`. */
export interface BudgetReport {
  readonly budget: string;
  readonly actual: number;
  readonly isExceeded: boolean;
  /** The first of what was counted. */
  readonly paths: readonly ShownPath[];
}

/** One replay: what it missed, and what was put back because of that. */
export interface RoundReport {
  readonly round: number;
  readonly misses: readonly Miss[];
  /** Of packing and replaying. */
  readonly durationMs: number;
  /** The misses and everything that follows from them. */
  readonly added: { readonly paths: number; readonly sizeBytes: number };
}

export interface Lookup {
  readonly path: ShownPath;
  readonly syscall: string;
  /** Empty for a call that succeeded. */
  readonly errno: string;
  readonly executable: ShownPath | null;
  readonly phase: string;
}

/** Something that the slim image lacks and that was asked for there; see `MissKind`. */
export interface Miss extends Lookup {
  readonly kind: 'failed' | 'unlisted' | 'overwritten';
  /** What is not there: the path itself, a link or directory on its way, or what runs it. */
  readonly lacks: readonly ShownPath[];
  /** What is there, but otherwise. */
  readonly altered: readonly AlteredPath[];
  /** The pattern of the user that keeps it from being put back. */
  readonly excludedBy: string | null;
}

/** One thing in which a path of the slim image is not as on the fat one: its `mode`, `owner`, `content` and so on. */
export interface AlteredPath {
  readonly path: ShownPath;
  readonly what: string;
  readonly fat: string;
  readonly slim: string;
}

/** The smallest outcome that differs, and look-ups that failed during it on the slim image only. */
export interface Suspicion {
  readonly probe: string;
  readonly lookups: readonly Lookup[];
}

export interface KeptPath {
  readonly path: ShownPath;
  readonly type: string;
  readonly sizeBytes: number;
  readonly reasons: readonly ReasonReport[];
}

/** A `Reason` with its paths in display form. */
export interface ReasonReport {
  readonly kind: 'traced' | 'rule' | 'user' | 'healed';
  /** One sentence: `opened by /usr/sbin/nginx during http GET :80/ (openat "/etc/nginx/nginx.conf")`. */
  readonly text: string;
  /** The kept path this one follows from: the next link of the chain. */
  readonly from?: ShownPath;
}

export interface RemovedGroup {
  /** Distribution package that owns the paths; null for files no package owns. */
  readonly package: string | null;
  readonly version: string | null;
  readonly sizeBytes: number;
  /** Files of the same package that were kept. */
  readonly keptFiles: number;
  readonly paths: readonly ShownPath[];
}
