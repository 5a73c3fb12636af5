import { spawn } from 'node:child_process';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { ImagePath } from '../../rootfs/path.ts';
import { commandFailed, hostPath } from './command.ts';

/**
 * GNU tar flags for a layer that depends on nothing but the files: no access times, no process ids in PAX names, sub-second
 * modification times and xattrs kept, links stored as links.
 */
export const TAR_FLAGS = [
  '--create',
  '--no-recursion',
  '--null',
  '--verbatim-files-from',
  '--files-from=-',
  '--format=posix',
  '--pax-option=delete=atime,delete=ctime,exthdr.name=%d/PaxHeaders/%f',
  '--numeric-owner',
  '--xattrs',
  '--xattrs-include=*',
  '--xattrs-exclude=security.selinux',
  '--xattrs-exclude=trusted.overlay.*',
  '--no-acls',
  '--no-selinux',
  '--blocking-factor=128',
  '--file=-',
];

/** The given paths below a folder as a tar stream, in the order given. */
export function packPaths(root: string, paths: readonly ImagePath[], options: { signal: AbortSignal }): Readable {
  const archiver = spawn('tar', TAR_FLAGS, {
    cwd: root,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { LC_ALL: 'C', PATH: hostPath() },
    detached: true,
  });
  const output = new PassThrough({ highWaterMark: 1 << 18 });
  const ended = new Promise<{ status: number | null; errno?: string }>((resolve) => {
    archiver.once('error', (error: NodeJS.ErrnoException) => resolve({ status: null, errno: error.code ?? 'EIO' }));
    archiver.once('close', (status) => resolve({ status }));
  });
  const complaints = text(archiver.stderr).catch(() => '');
  const names = Readable.from(namesOf(paths));
  const moved = Promise.allSettled([
    pipeline(names, archiver.stdin, { signal: options.signal }),
    pipeline(archiver.stdout, output, { signal: options.signal, end: false }),
  ]);
  void moved.then(async () => {
    if (options.signal.aborted) archiver.kill('SIGKILL');
    const { status, errno } = await ended;
    if (options.signal.aborted) output.destroy(options.signal.reason);
    else if (status === 0) output.end();
    else output.destroy(commandFailed('tar', errno, await complaints, 'packing the layer'));
  });
  return output;
}

const NAMES_PER_CHUNK = 1000;

/** What such a tar reads from its standard input: the paths, each ended by NUL. */
export function* namesOf(paths: readonly ImagePath[]): Generator<Buffer> {
  for (let at = 0; at < paths.length; at += NAMES_PER_CHUNK) {
    const names = paths.slice(at, at + NAMES_PER_CHUNK).map((path) => (path === '/' ? './\0' : `${path.slice(1)}\0`));
    yield Buffer.from(names.join(''), 'latin1');
  }
}
