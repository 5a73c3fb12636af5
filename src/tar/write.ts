import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Pack } from 'tar-stream';

/** A file to be put into an archive. */
export interface NewFile {
  readonly name: string;
  readonly sizeBytes: number;
  open(): AsyncIterable<Buffer>;
}

/** A file whose bytes are at hand. */
export function fileOf(name: string, bytes: Buffer): NewFile {
  return {
    name,
    sizeBytes: bytes.length,
    async *open() {
      yield bytes;
    },
  };
}

/** A tar archive of files owned by root, mode 0644, in the order given. Same files, same bytes. */
export async function* tarOf(files: readonly NewFile[], mtimeSeconds: number): AsyncGenerator<Buffer> {
  // Only runs that write an archive need it.
  const { pack } = await import('tar-stream');
  const archive = pack();
  const filled = fill(archive, files, new Date(mtimeSeconds * 1000)).catch((error: Error) => archive.destroy(error));
  yield* archive as AsyncIterable<Buffer>;
  await filled;
}

async function fill(archive: Pack, files: readonly NewFile[], mtime: Date): Promise<void> {
  for (const { name, sizeBytes, open } of files) {
    const entry = archive.entry({ name, size: sizeBytes, mode: 0o644, uid: 0, gid: 0, mtime });
    await pipeline(Readable.from(open(), { objectMode: false }), entry);
  }
  archive.finalize();
}
