import { TraceSlimError } from '../../../errors.ts';

const DEFAULT_SECONDS = 60;

/**
 * Milliseconds that a daemon may leave a question unanswered; enough for any that does not wait for a transfer or a
 * container. TRACE_SLIM_DAEMON_TIMEOUT sets it, in seconds. Errors: CONFIG_INVALID.
 */
export function patienceMs({ TRACE_SLIM_DAEMON_TIMEOUT: text } = process.env): number {
  if (!text) return DEFAULT_SECONDS * 1000;
  const seconds = Number(text);
  if (seconds > 0 && seconds < 1e6) return Math.ceil(seconds * 1000);
  throw new TraceSlimError('CONFIG_INVALID', `TRACE_SLIM_DAEMON_TIMEOUT is no number of seconds: ${text}`);
}
