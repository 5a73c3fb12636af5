import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { errnoOf, TraceSlimError } from '../errors.ts';
import { invalid } from '../tar/header.ts';
import { readRecords, type TarRecord } from '../tar/records.ts';
import { FileSource } from '../tar/source.ts';
import { decompress, detectCompression } from './decompress.ts';
import { type ImageFiles, missing, readRange } from './image-files.ts';

const MAX_ENTRIES = 100_000;
const MAX_LINKS = 16;

type Member = { readonly offset: number; readonly sizeBytes: number } | { readonly target: string };

/**
 * The files of a tar archive, found by its headers alone: bodies are seeked over. A compressed archive is decompressed
 * once into a temporary file that has no name, so nothing is left whatever happens.
 * Symbolic and hard links inside the archive lead to their files. Fails with IMAGE_INVALID for what is no tar archive.
 */
export async function filesOfArchive(path: string, options: { signal: AbortSignal }): Promise<ImageFiles> {
  const file = await openPlain(path, options.signal);
  try {
    const members = await scan(file, options.signal);
    return {
      sizeOf: async (name) => find(members, name)?.sizeBytes,
      async *open(name) {
        const member = find(members, name);
        if (!member) throw missing(name);
        yield* readRange(file, member.offset, member.sizeBytes);
      },
      [Symbol.asyncDispose]: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openPlain(path: string, signal: AbortSignal): Promise<FileHandle> {
  const file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
  if (detectCompression(buffer.subarray(0, bytesRead)) === 'none') return file;
  await file.close();
  return decompressToUnnamedFile(path, signal);
}

async function decompressToUnnamedFile(path: string, signal: AbortSignal): Promise<FileHandle> {
  const temporary = join(tmpdir(), `trace-slim-${randomUUID()}`);
  const file = await open(temporary, 'wx+', 0o600);
  try {
    await unlink(temporary);
    for await (const chunk of decompress(createReadStream(path, { highWaterMark: 256 * 1024 }))) {
      signal.throwIfAborted();
      await file.writeFile(chunk);
    }
    return file;
  } catch (error) {
    await file.close();
    if (errnoOf(error) !== 'ENOSPC') throw error;
    throw new TraceSlimError('DISK_FULL', `no space to decompress ${path} in ${tmpdir()}`, {
      hint: 'Free some space, or set TMPDIR to a larger folder.',
      cause: error,
    });
  }
}

async function scan(file: FileHandle, signal: AbortSignal): Promise<Map<string, Member>> {
  const members = new Map<string, Member>();
  const { size } = await file.stat();
  if (size === 0) throw invalid('the image archive is empty');
  for await (const record of readRecords(new FileSource(file, size))) {
    signal.throwIfAborted();
    if ('012'.includes(record.header.typeflag)) members.set(normalised(record.name), memberOf(record));
    if (members.size > MAX_ENTRIES) throw invalid(`the image archive has more than ${MAX_ENTRIES} entries`);
  }
  return members;
}

function memberOf(record: TarRecord): Member {
  const { typeflag } = record.header;
  if (typeflag === '1') return { target: normalised(record.linkName) };
  if (typeflag === '2') return { target: normalised(posix.join(posix.dirname(record.name), record.linkName)) };
  return { offset: record.bodyOffset, sizeBytes: record.sizeBytes };
}

function find(members: ReadonlyMap<string, Member>, name: string): { offset: number; sizeBytes: number } | undefined {
  let member = members.get(normalised(name));
  for (let links = 0; member && 'target' in member; links++) {
    if (links === MAX_LINKS) return undefined;
    member = members.get(member.target);
  }
  return member;
}

function normalised(name: string): string {
  return posix.normalize(`/${name}`).slice(1).replace(/\/$/, '');
}
