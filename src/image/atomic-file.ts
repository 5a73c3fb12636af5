import { randomBytes } from 'node:crypto';
import type { WriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { errnoOf, TraceSlimError } from '../errors.ts';

/** A name beside `path`, on the same file system, that nothing else has. */
export function temporaryBeside(path: string): string {
  return `${path.replace(/\/+$/, '')}.${randomBytes(6).toString('hex')}.tmp`;
}

/** Writes a file that either is there whole or not at all. Fails as {@link writeFailed} says. */
export async function writeAtomically(
  path: string,
  bytes: AsyncIterable<Buffer>,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    await pipeline(bytes, await createFile(temporary), { signal });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    signal.throwIfAborted();
    throw writeFailed(path, error);
  }
}

/**
 * A stream into a new file. The file is there already: a stream that opens it by itself may do so after it was destroyed,
 * and after the file was removed for that.
 */
export async function createFile(path: string): Promise<WriteStream> {
  return (await open(path, 'wx')).createWriteStream();
}

const FAILURES = {
  ENOSPC: ['DISK_FULL', 'there is no space left for', 'Free some space or choose another folder.'],
  EDQUOT: ['DISK_FULL', 'the disk quota does not allow', 'Free some space or choose another folder.'],
  EACCES: ['PERMISSION_DENIED', 'there is no permission to write', 'Choose another folder or run as its owner.'],
  EPERM: ['PERMISSION_DENIED', 'there is no permission to write', 'Choose another folder or run as its owner.'],
  EROFS: ['PERMISSION_DENIED', 'there is a read-only file system at', 'Choose another folder.'],
  ENOENT: ['USAGE_INVALID', 'there is no folder for', 'Make the folder first.'],
  ENOTDIR: ['USAGE_INVALID', 'there is no folder for', 'A part of the path is a file: choose another path.'],
  EISDIR: ['USAGE_INVALID', 'there is a directory at', 'Choose another path, or oci: for a layout directory.'],
} as const;

/** A system error of writing as this program's own error; anything else as it is. */
export function writeFailed(path: string, error: unknown): unknown {
  const failure = FAILURES[errnoOf(error) as keyof typeof FAILURES];
  if (!failure) return error;
  const [code, what, hint] = failure;
  return new TraceSlimError(code, `${what} ${path}`, { hint, cause: error });
}
