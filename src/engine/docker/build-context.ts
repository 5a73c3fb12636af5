import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Header, Pack } from 'tar-stream';
import { errnoOf, TraceSlimError } from '../../errors.ts';
import { type DockerIgnore, parseDockerIgnore } from './dockerignore.ts';

/** What a build is sent. */
export interface BuildContext {
  /** The Dockerfile's name in the archive. */
  readonly dockerfile: string;
  /** Names after FROM; some are stages of the Dockerfile, or have arguments in them. */
  readonly baseImages: readonly string[];
  /** The archive, made while it is read. */
  open(): Readable;
}

/** Name of a Dockerfile that is not in its context. */
const OUTSIDE = '.dockerfile.trace-slim';

/**
 * A folder as a build may see it: what `.dockerignore` leaves out is not read. Owners are root, as the docker client has
 * it; links are not followed. Errors: USAGE_INVALID when the folder or the Dockerfile cannot be read.
 */
export async function openBuildContext(directory: string, dockerfile: string): Promise<BuildContext> {
  const text = await readNamed(dockerfile);
  const inside = relative(directory, dockerfile);
  const name = inside.startsWith('..') ? OUTSIDE : inside;
  const ignore = await readIgnore(directory, dockerfile);
  await readNames(directory);
  const isWanted = (path: string) => path !== name && !ignore.isIgnored(path);
  return {
    dockerfile: name,
    baseImages: [...text.toString('utf8').matchAll(/^\s*FROM\s+(?:--\S+\s+)*(\S+)/gim)].map(([, base = '']) => base),
    open: () => Readable.from(archive(directory, { name, text, ignore, isWanted }), { objectMode: false }),
  };
}

/** One that is beside the Dockerfile and named after it comes first, as with BuildKit. */
async function readIgnore(directory: string, dockerfile: string): Promise<DockerIgnore> {
  for (const path of [`${dockerfile}.dockerignore`, join(directory, '.dockerignore')]) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) return parseDockerIgnore(text);
  }
  return parseDockerIgnore('');
}

async function readNamed(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function readNames(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (cause) {
    throw unreadable(directory, cause);
  }
}

function unreadable(path: string, cause: unknown): TraceSlimError {
  const why = errnoOf(cause) === 'ENOENT' ? 'no such file' : (errnoOf(cause) ?? 'unreadable');
  return new TraceSlimError('USAGE_INVALID', `cannot build from ${path}: ${why}`, {
    hint: 'Name the file with --dockerfile and its folder with --dockerfile-context.',
    cause,
  });
}

interface Contents {
  readonly name: string;
  readonly text: Buffer;
  readonly ignore: DockerIgnore;
  isWanted(path: string): boolean;
}

async function* archive(directory: string, contents: Contents): AsyncGenerator<Buffer> {
  const { pack } = await import('tar-stream');
  const tar = pack();
  const filled = fill(tar, directory, contents).catch((error: Error) => tar.destroy(error));
  yield* tar as AsyncIterable<Buffer>;
  await filled;
}

async function fill(tar: Pack, directory: string, contents: Contents): Promise<void> {
  const { name, text } = contents;
  tar.entry({ name, mode: 0o644, mtime: new Date(0) }, text);
  await addFolder(tar, directory, '', contents);
  tar.finalize();
}

async function addFolder(tar: Pack, root: string, folder: string, contents: Contents): Promise<void> {
  for (const entry of await readNames(join(root, folder))) {
    const path = join(folder, entry);
    const stats = await lstat(join(root, path));
    const isWanted = contents.isWanted(path);
    const header = { name: path, mode: stats.mode & 0o7777, mtime: stats.mtime, uid: 0, gid: 0 };
    if (stats.isDirectory()) {
      if (isWanted) tar.entry({ ...header, type: 'directory' });
      if (isWanted || contents.ignore.hasExceptions) await addFolder(tar, root, path, contents);
    } else if (isWanted && stats.isSymbolicLink()) {
      tar.entry({ ...header, type: 'symlink', linkname: await readlink(join(root, path)) });
    } else if (isWanted && stats.isFile()) {
      await addFile(tar, join(root, path), { ...header, size: stats.size });
    }
  }
}

/** A file that grows while it is read is cut at the size it had. */
async function addFile(
  tar: Pack,
  path: string,
  header: Partial<Header> & { name: string; size: number },
): Promise<void> {
  if (header.size === 0) tar.entry(header, '');
  else await pipeline(createReadStream(path, { end: header.size - 1 }), tar.entry(header));
}
