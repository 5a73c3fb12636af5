export { type ErrorCode, EXIT, TraceSlimError } from './errors.ts';
export {
  buildSlim,
  cleanLeftovers,
  diagnose,
  listPaths,
  type RunContext,
  starterProbes,
  traceImage,
  verifyImages,
} from './pipeline.ts';
export type { ProgressEvent, ProgressSink, Stage } from './progress.ts';
export type { FailureReport, Report } from './report/report.ts';
export type { CleanReport, Diagnosis, TraceSummary } from './report/results.ts';
export type { BuildSettings, PathsSettings, StarterSettings, TraceSettings, VerifySettings } from './settings.ts';
