import { mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TraceSlimError } from '../errors.ts';
import { fileOf, type NewFile } from '../tar/write.ts';
import { temporaryBeside, writeAtomically, writeFailed } from './atomic-file.ts';
import { parseIndex } from './documents.ts';
import { filesOfDirectory, readWhole } from './image-files.ts';
import { OCI_INDEX, REF_NAME } from './oci.ts';
import { indexOf, type Layout } from './oci-layout.ts';

interface Options {
  readonly signal: AbortSignal;
}

/**
 * Writes a layout to a directory: a new one appears whole, an existing layout gets the blobs it lacks and then, in one
 * step, an index in which images of the same name are replaced. Fails with USAGE_INVALID for another kind of directory.
 */
export async function writeLayoutDirectory(path: string, layout: Layout, options: Options): Promise<void> {
  const names = await readdir(path).catch(() => undefined);
  if (names === undefined || names.length === 0) return createDirectory(path, layout, options);
  if (!names.includes(OCI_INDEX)) {
    throw new TraceSlimError('USAGE_INVALID', `${path} has something else in it than an OCI layout`, {
      hint: 'Choose a new or empty directory.',
    });
  }
  await extendDirectory(path, layout, options);
}

async function createDirectory(path: string, layout: Layout, options: Options): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    await mkdir(temporary);
    for (const file of layout.files) await writeInto(temporary, file, options);
    // Only an empty directory can be replaced, and rmdir removes nothing else.
    await rmdir(path).catch(() => undefined);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    options.signal.throwIfAborted();
    throw writeFailed(path, error);
  }
}

async function extendDirectory(path: string, layout: Layout, options: Options): Promise<void> {
  const index = parseIndex(await readWhole(filesOfDirectory(path), OCI_INDEX), `${path}/${OCI_INDEX}`);
  const replaced = new Set(layout.items.map((item) => item.annotations?.[REF_NAME]));
  const others = index.manifests.filter((item) => !replaced.has(item.annotations?.[REF_NAME]));
  const added: string[] = [];
  try {
    for (const file of layout.files) {
      const target = join(path, file.name);
      if (file.name === OCI_INDEX || (await stat(target).catch(() => undefined))?.size === file.sizeBytes) continue;
      added.push(target);
      await writeInto(path, file, options);
    }
    await writeInto(path, fileOf(OCI_INDEX, indexOf([...others, ...layout.items])), options);
  } catch (error) {
    await Promise.all(added.map((target) => rm(target, { force: true })));
    throw error;
  }
}

async function writeInto(directory: string, file: NewFile, options: Options): Promise<void> {
  const target = join(directory, file.name);
  await mkdir(dirname(target), { recursive: true });
  await writeAtomically(target, chunksOf(file), options);
}

async function* chunksOf(file: NewFile): AsyncGenerator<Buffer> {
  yield* file.open();
}
