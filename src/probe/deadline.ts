/** A signal that aborts with its parent or after a time, and tells which. Disposing it stops the clock. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  /** True once the time has passed, as opposed to the parent having been aborted. */
  expired(): boolean;
}

/** Starts a deadline of `timeoutMs` below `parent`. */
export function startDeadline(parent: AbortSignal, timeoutMs: number): Deadline {
  const controller = new AbortController();
  const timeout = new DOMException(`no result within ${timeoutMs} ms`, 'TimeoutError');
  const onParentAbort = () => controller.abort(parent.reason);
  const timer = setTimeout(() => controller.abort(timeout), timeoutMs);
  if (parent.aborted) onParentAbort();
  parent.addEventListener('abort', onParentAbort, { once: true });
  return {
    signal: controller.signal,
    expired: () => controller.signal.reason === timeout,
    [Symbol.dispose]() {
      clearTimeout(timer);
      parent.removeEventListener('abort', onParentAbort);
    },
  };
}
