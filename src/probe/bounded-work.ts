import { type Context, createContext, Script } from 'node:vm';

const TIMEOUT_MS = 5000;

const CALL = new Script('work()');
let context: Context | undefined;

/**
 * What synchronous work on text of an application gives, or `otherwise` when the text has made it endless or too deep for
 * the stack. A regular expression that never comes to its end can be ended in no other way in this thread.
 */
export function boundedWork<T, U>(work: () => T, otherwise: U, timeoutMs: number = TIMEOUT_MS): T | U {
  context ??= createContext({});
  context.work = work;
  try {
    return CALL.runInContext(context, { timeout: timeoutMs });
  } catch (error) {
    if (isTimeout(error) || error instanceof RangeError) return otherwise;
    throw error;
  } finally {
    context.work = undefined;
  }
}

/** The error is one of the other context: no instance of this one's `Error`. */
function isTimeout(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  );
}
