import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, copyFile, mkdir, realpath, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { errnoOf, TraceSlimError } from '../../errors.ts';
import { hostPath, PACKAGE_OF, runCommand } from './command.ts';
import { ownerMark, type StateLayout } from './state.ts';

/** Programs put into containers, by the name they get there, each with the host programs that can serve, best first. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  strace: ['strace'],
  sh: ['dash', 'sh'],
  sleep: ['sleep'],
  setpriv: ['setpriv'],
  cat: ['cat'],
  dd: ['dd'],
  find: ['find'],
  tar: ['tar'],
};

/** The same, for what is only needed where a daemon is on another machine. */
const OPTIONAL_PROGRAMS: Readonly<Record<string, readonly string[]>> = { socat: ['socat'] };

/**
 * A folder that holds `bin/`, `lib/` with the dynamic loader `<loader>`, and `shim/` with another name for that loader; bound
 * read-only into containers.
 */
export interface Toolkit {
  readonly directory: string;
  /** File name of the loader in `lib/`. */
  readonly loader: string;
}

/**
 * Copies the tracing programs of this host with every library they need into the state directory, once per version of
 * them. Started through its own loader, such a copy runs in any image of this architecture, whatever C library the image
 * has. Errors: TOOL_MISSING.
 */
export async function prepareToolkit(layout: StateLayout, options: { signal: AbortSignal }): Promise<Toolkit> {
  const required = Object.entries(PROGRAMS).map(async ([name, candidates]) => ({
    name,
    path: await locate(candidates),
  }));
  const optional = Object.entries(OPTIONAL_PROGRAMS).map(async ([name, candidates]) => {
    const path = await locate(candidates).catch(() => undefined);
    return path === undefined ? [] : { name, path };
  });
  const programs = [...(await Promise.all(required)), ...(await Promise.all(optional)).flat()];
  const directory = join(layout.toolkits, await keyOf(programs.map((program) => program.path)));
  const linked = `${directory}.loader`;
  const known = await realpath(linked).catch(() => undefined);
  if (known) return { directory, loader: basename(known) };

  const unfinished = `${directory}.new-${process.pid}`;
  try {
    const loader = await fillToolkit(unfinished, programs, options.signal);
    await publish(unfinished, directory);
    await publishLoader(join(directory, 'lib', loader), linked);
    return { directory, loader };
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** Copies programs and libraries into a new folder. Gives the loader's file name. */
async function fillToolkit(
  directory: string,
  programs: readonly { name: string; path: string }[],
  signal: AbortSignal,
): Promise<string> {
  await mkdir(join(directory, 'bin'), { recursive: true, mode: 0o755 });
  await mkdir(join(directory, 'lib'), { mode: 0o755 });
  await mkdir(join(directory, 'shim'), { mode: 0o755 });
  let loader = '';
  for (const program of programs) {
    await copyFile(program.path, join(directory, 'bin', program.name));
    const needed = await librariesOf(program.path, signal);
    loader ||= basename(needed.loader);
    for (const library of needed.all) await copyFile(library, join(directory, 'lib', basename(library)));
  }
  await symlink(`../lib/${loader}`, join(directory, 'shim', loader));
  return loader;
}

/** The full path of the first of some programs that is on PATH; one with an absolute path is taken as it is. */
export async function locate(candidates: readonly string[]): Promise<string> {
  for (const name of candidates) {
    for (const folder of hostPath().split(':')) {
      const path = resolve(folder, name);
      const isThere = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (isThere) return realpath(path);
    }
  }
  const name = candidates[0] ?? '';
  throw new TraceSlimError('TOOL_MISSING', `the program ${candidates.join(' or ')} is not installed on this host`, {
    hint: `Install it: apt-get install ${PACKAGE_OF[name] ?? name}`,
  });
}

async function keyOf(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) {
    const facts = await stat(path);
    hash.update(`${path} ${facts.size} ${facts.mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 16);
}

/** What the dynamic loader would load for a program of this host, from ldd: `name => /path (0x...)` or `/path (0x...)`. */
async function librariesOf(program: string, signal: AbortSignal): Promise<{ loader: string; all: string[] }> {
  const listing = await runCommand('ldd', [program], { doing: `listing the libraries of ${program}`, signal });
  const all: string[] = [];
  let loader = '';
  for (const line of listing.split('\n')) {
    const path = /(\/[^\s]+) \(0x/.exec(line)?.[1];
    if (!path) continue;
    all.push(path);
    if (!line.includes('=>')) loader = path;
  }
  if (!loader) {
    throw new TraceSlimError('TOOL_MISSING', `cannot find the dynamic loader of ${program}`, {
      hint: 'Install the packages strace and dash of a Linux distribution built on glibc or musl.',
    });
  }
  return { loader, all };
}

async function publish(unfinished: string, directory: string): Promise<void> {
  try {
    await rename(unfinished, directory);
  } catch (error) {
    // Another process was faster; its copy is as good.
    if (errnoOf(error) !== 'ENOTEMPTY' && errnoOf(error) !== 'EEXIST') throw error;
  }
}

async function publishLoader(loader: string, link: string): Promise<void> {
  const unfinished = `${link}.new-${ownerMark(process.pid)?.replace(' ', '-')}`;
  await symlink(loader, unfinished);
  await rename(unfinished, link);
}
