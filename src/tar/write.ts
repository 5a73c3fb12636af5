import { BLOCK, encodeHeader, paddingOf } from './header.ts';

/** A file to be put into an archive. The name is ASCII and at most 100 bytes. */
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
  for (const { name, sizeBytes, open } of files) {
    yield encodeHeader({ name, typeflag: '0', mode: 0o644, sizeBytes, mtimeSeconds });
    let written = 0;
    for await (const chunk of open()) {
      written += chunk.length;
      yield chunk;
    }
    if (written !== sizeBytes) throw new Error(`${name} has ${written} bytes instead of ${sizeBytes}`);
    yield Buffer.alloc(paddingOf(sizeBytes));
  }
  yield Buffer.alloc(2 * BLOCK);
}
