import { hostname } from 'node:os';
import { ownerMark } from '../host/state.ts';

/** On everything that is made in a daemon: which run it belongs to. */
export const RUN_LABEL = 'dev.trace-slim.run';
/** `HOST PID START-TIME` of the process that made it. */
export const OWNER_LABEL = 'dev.trace-slim.owner';

/** Repository of the names that images have while a run uses them. No registry has this name (RFC 2606). */
export const TEMPORARY_REPOSITORY = 'trace-slim.invalid/run';

/** Labels for the objects of a run of this process. */
export function labelsOf(runId: string): Record<string, string> {
  return { [RUN_LABEL]: runId, [OWNER_LABEL]: ownerOf() };
}

/** A name for the nth image of a run; it says what the labels of other objects say. */
export function temporaryName(runId: string, count: number): string {
  const [host, pid, startTime] = ownerOf().split(' ');
  return `${TEMPORARY_REPOSITORY}:${runId}.${count}.${pid}.${startTime}.${host}`.slice(0, MAX_NAME);
}

/** A tag has 128 characters at most. */
const MAX_NAME = TEMPORARY_REPOSITORY.length + 1 + 128;

/** The run an image has its temporary name from, and the owner of that run. Undefined for other names. */
export function ownerOfName(name: string): { run: string; owner: string } | undefined {
  const [, run, pid, startTime, host] = /^(\w+)\.\d+\.(\d+)\.(\d+)\.(.*)$/.exec(tagOf(name)) ?? [];
  return run ? { run, owner: `${host} ${pid} ${startTime}` } : undefined;
}

/** Whether the process that made an object lives; undefined when it is one of another computer. */
export function isOwnerAlive(owner: string): boolean | undefined {
  const [host, pid, startTime] = owner.split(' ');
  if (host !== thisHost()) return undefined;
  return ownerMark(Number(pid)) === `${pid} ${startTime}`;
}

function ownerOf(): string {
  return `${thisHost()} ${ownerMark(process.pid) ?? `${process.pid} 0`}`;
}

/** As a tag may have it. */
function thisHost(): string {
  return hostname().replace(/[^\w.-]/g, '-');
}

function tagOf(name: string): string {
  return name.startsWith(`${TEMPORARY_REPOSITORY}:`) ? name.slice(TEMPORARY_REPOSITORY.length + 1) : '';
}
