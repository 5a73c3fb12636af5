import type { ProgressSink } from '../progress.ts';
import type { Report } from '../report/report.ts';
import type { CleanReport, Diagnosis, TraceSummary } from '../report/results.ts';
import type { BuildSettings, PathsSettings, TraceSettings, VerifySettings } from '../settings.ts';

/** What a command hands to the pipeline besides its settings. */
export interface RunContext {
  readonly signal: AbortSignal;
  readonly progress: ProgressSink;
  readonly version: string;
  /** Resolves when the user presses enter, or sends SIGUSR1: for `--continue-after`. */
  userSignal(kind: 'enter' | 'signal'): Promise<void>;
}

/** The part of `pipeline.ts` that the commands call. It is loaded when a command needs it. */
export interface Pipeline {
  buildSlim(settings: BuildSettings, context: RunContext): Promise<Report>;
  traceImage(settings: TraceSettings, context: RunContext): Promise<TraceSummary>;
  verifyImages(settings: VerifySettings, context: RunContext): Promise<Report>;
  listPaths(settings: PathsSettings, context: RunContext): Promise<readonly string[]>;
  cleanLeftovers(options: { readonly cache: boolean }, context: RunContext): Promise<CleanReport>;
  diagnose(context: RunContext): Promise<Diagnosis>;
}
