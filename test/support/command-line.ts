import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { leftovers } from './engine.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/trace-slim.js', import.meta.url));

/** How a run of the built program ended. */
export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run of the built program that is going on. */
export interface Running {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  readonly printed: { stdout: string; stderr: string };
  readonly ended: Promise<Ended>;
}

export interface StartOptions {
  /** TRACE_SLIM_HOME. */
  readonly home: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** A command line that the program's is appended to, e.g. `setpriv ...`. */
  readonly through?: readonly string[];
}

/** Starts the built program. */
export function startProgram(argv: readonly string[], { home, cwd, env, through = [] }: StartOptions): Running {
  const [command = process.execPath, ...args] = [...through, process.execPath, PROGRAM, ...argv];
  const child = spawn(command, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, TRACE_SLIM_HOME: home, NO_COLOR: '1', ...env },
  });
  const printed = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => {
    printed.stdout += data;
  });
  child.stderr.on('data', (data) => {
    printed.stderr += data;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status: status ?? -1, ...printed }));
  });
  return { child, printed, ended };
}

/** What is left of runs with this home: mounts, cgroups, folders, half-written cache entries, processes. All empty when clean. */
export function traces(home: string) {
  const caches = ['layers', 'listings', 'toolkits'].flatMap((name) => namesIn(`${home}/${name}`));
  const unfinished = caches.filter((name) => name.includes('.new') || name.endsWith('.lock'));
  const { mounts, runs } = leftovers(home);
  return { mounts, runs, unfinished, processes: processesOf(home) };
}

/** Nothing of {@link traces}. */
export const NO_TRACES = { mounts: [], runs: [], unfinished: [], processes: [] };

/** Control groups of one run's containers. */
export function controlGroups(run: string): string[] {
  const root = '/sys/fs/cgroup';
  return [root, ...namesIn(root).map((name) => `${root}/${name}`)].flatMap((folder) =>
    namesIn(folder).filter((name) => name.startsWith(`trace-slim-${run}`)),
  );
}

/** Pids of a program in containers of this home, by a part of its command line. */
export function containerPids(home: string, part: string): number[] {
  return pids().filter(
    (pid) =>
      read(`/proc/${pid}/mountinfo`).includes(`${withinMount(home)}/toolkits/`) && commandLine(pid).includes(part),
  );
}

/** Pids of the tracers that hold an application in a container of this home. */
export function tracerPids(home: string): number[] {
  const applications = containerPids(home, '').filter((pid) => !commandLine(pid).includes('/kit/'));
  const tracers = applications.map((pid) => Number(/^TracerPid:\t(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0));
  return [...new Set(tracers)].filter((pid) => pid > 0);
}

/** The end of a home's path, which no other has: mountinfo leaves out where the file system is mounted that it is in. */
function withinMount(home: string): string {
  return home.split('/').slice(-2).join('/');
}

/** Command lines of processes that name the home, work in it, or are in a container that has a part of it mounted. */
function processesOf(home: string): string[] {
  const isOfHome = (pid: number) =>
    [commandLine(pid), link(`/proc/${pid}/cwd`)].some((text) => text.includes(home)) ||
    read(`/proc/${pid}/mountinfo`).includes(withinMount(home));
  return pids()
    .filter((pid) => pid !== process.pid && isOfHome(pid))
    .map(commandLine);
}

function pids(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

function commandLine(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
