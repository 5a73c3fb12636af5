import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * The folder this tool keeps its caches, run records and reports in: `TRACE_SLIM_HOME` when set, `/var/lib/trace-slim`
 * for root, else `trace-slim` in the user's XDG state folder. Absolute; may not exist yet.
 */
export function stateDirectory(env: NodeJS.ProcessEnv = process.env): string {
  if (env.TRACE_SLIM_HOME) return resolve(env.TRACE_SLIM_HOME);
  if (process.geteuid?.() === 0) return '/var/lib/trace-slim';
  return join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'trace-slim');
}

/** The report of the last run, for `explain` without `--report`. Every run replaces it. */
export function latestReportPath(env: NodeJS.ProcessEnv = process.env): string {
  return join(stateDirectory(env), 'latest-report.json');
}
