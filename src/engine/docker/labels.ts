import { hostname } from 'node:os';
import { ownerMark } from '../local/state.ts';

/** On everything that is made in a daemon: which run it belongs to. */
export const RUN_LABEL = 'dev.trace-slim.run';
/** `HOST PID START-TIME` of the process that made it. */
export const OWNER_LABEL = 'dev.trace-slim.owner';
/** Repository of the names that images have while a run uses them. No registry has this name (RFC 2606). */
export const TEMPORARY_REPOSITORY = 'trace-slim.invalid/run';

/** Labels for the objects of a run of this process. */
export function labelsOf(runId: string): Record<string, string> {
  return { [RUN_LABEL]: runId, [OWNER_LABEL]: `${hostname()} ${ownerMark(process.pid) ?? process.pid}` };
}

/** Whether the process that made an object lives; undefined when it is one of another computer. */
export function isOwnerAlive(label: string): boolean | undefined {
  const [host, pid, startTime] = label.split(' ');
  if (host !== hostname()) return undefined;
  return ownerMark(Number(pid)) === `${pid} ${startTime}`;
}
