import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, TraceSlimError } from '../../errors.ts';

/** The folders of the local engine, all below one state directory. */
export interface StateLayout {
  /** Unpacked layers, one folder each, named by the start of their diffID. */
  readonly layers: string;
  /** Listings of whole images, named by the digest of their diffIDs. */
  readonly listings: string;
  /** Tracing programs with their libraries. */
  readonly toolkits: string;
  /** One folder per run of this program that is under way, or that died. */
  readonly runs: string;
}

export function layoutOf(stateDirectory: string): StateLayout {
  return {
    layers: join(stateDirectory, 'layers'),
    listings: join(stateDirectory, 'listings'),
    toolkits: join(stateDirectory, 'toolkits'),
    runs: join(stateDirectory, 'runs'),
  };
}

/** Creates the state folders. Errors: PERMISSION_DENIED, DISK_FULL. */
export function createLayout(stateDirectory: string): StateLayout {
  const layout = layoutOf(stateDirectory);
  try {
    for (const directory of Object.values(layout)) mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const code = errnoOf(cause) === 'ENOSPC' ? 'DISK_FULL' : 'PERMISSION_DENIED';
    throw new TraceSlimError(code, `cannot create the state directory ${stateDirectory}`, {
      hint: 'Run as root, or name a writable directory in TRACE_SLIM_HOME.',
      cause,
    });
  }
  return layout;
}

/** Creates this process's folder for one run; the owner is written down so that others can tell when it has died. */
export function createRun(layout: StateLayout): { id: string; directory: string } {
  const id = randomBytes(4).toString('hex');
  const directory = join(layout.runs, id);
  mkdirSync(directory, { mode: 0o711 });
  writeFileSync(join(directory, 'owner'), ownerMark(process.pid) ?? '');
  return { id, directory };
}

/** Folders of runs whose process is gone. */
export function abandonedRuns(layout: StateLayout): string[] {
  return listRuns(layout).filter((directory) => !isOwnerAlive(join(directory, 'owner')));
}

/** Folders of runs that are under way. */
export function liveRuns(layout: StateLayout): string[] {
  return listRuns(layout).filter((directory) => isOwnerAlive(join(directory, 'owner')));
}

/** Text that names a process for its life time: pid and start time, since pids are used again. Undefined when it is gone. */
export function ownerMark(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[0];
    const startTime = fields[19];
    return state === 'Z' || state === 'X' ? undefined : `${pid} ${startTime}`;
  } catch {
    return undefined;
  }
}

/** True while the process that wrote the owner file lives, and for a moment while a new one is being written. */
export function isOwnerAlive(ownerFile: string): boolean {
  let mark: string;
  try {
    mark = readFileSync(ownerFile, 'latin1');
  } catch {
    return isYoung(ownerFile);
  }
  const pid = Number.parseInt(mark, 10);
  return Number.isInteger(pid) ? ownerMark(pid) === mark : isYoung(ownerFile);
}

const BEING_WRITTEN_MS = 5000;

function isYoung(ownerFile: string): boolean {
  try {
    return Date.now() - statSync(join(ownerFile, '..')).ctimeMs < BEING_WRITTEN_MS;
  } catch {
    return false;
  }
}

function listRuns(layout: StateLayout): string[] {
  try {
    return readdirSync(layout.runs).map((name) => join(layout.runs, name));
  } catch {
    return [];
  }
}
