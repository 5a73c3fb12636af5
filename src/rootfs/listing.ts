import { TraceSlimError } from '../errors.ts';
import type { ImagePath } from './path.ts';
import type { Entry, EntryType } from './rootfs.ts';
import { RootFsIndex } from './rootfs-index.ts';

/**
 * The `-printf` format of a listing, for `find ROOT -printf FORMAT`: type, mode, uid, gid, size, inode, link count, path
 * below ROOT (empty for ROOT itself) and link target, each ended by NUL.
 * Source: find(1) of GNU findutils.
 */
export const FIND_FORMAT = String.raw`%y\0%m\0%U\0%G\0%s\0%i\0%n\0%P\0%l\0`;

const TYPES: Readonly<Record<string, EntryType>> = {
  f: 'file',
  d: 'directory',
  l: 'symlink',
  c: 'character-device',
  b: 'block-device',
  p: 'fifo',
  s: 'socket',
};

/** More paths than any image has; a listing that goes on is not taken into memory. */
const MAX_ENTRIES = 10_000_000;
/** PATH_MAX twice and nine numbers, with room to spare. */
const MAX_RECORD_BYTES = 64 * 1024;
/** Inodes of more digits than a double holds exactly (overlayfs sets the upper bits) get numbers of our own. */
const EXACT_DIGITS = 15;

/**
 * Reads a listing made by GNU find with {@link FIND_FORMAT}. The stream may be cut into chunks anywhere.
 * Fails with ENGINE_FAILED when it is no such listing, or ends in the middle of an entry.
 */
export async function parseListing(stream: AsyncIterable<Buffer>): Promise<RootFsIndex> {
  const entries: Entry[] = [];
  const inodes = new Map<string, number>();
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const reader = new RecordReader(bytes, inodes);
    for (let entry = reader.next(); entry; entry = reader.next()) entries.push(entry);
    if (entries.length > MAX_ENTRIES) throw invalidListing(`has more than ${MAX_ENTRIES} paths`);
    rest = bytes.subarray(reader.consumed);
    if (rest.length > MAX_RECORD_BYTES) throw invalidListing('has an entry that does not end');
  }
  if (rest.length > 0) throw invalidListing('ends in the middle of an entry');
  return new RootFsIndex(entries);
}

class RecordReader {
  /** Bytes of whole records read so far. */
  consumed = 0;
  readonly #bytes: Buffer;
  readonly #inodes: Map<string, number>;
  #at = 0;

  constructor(bytes: Buffer, inodes: Map<string, number>) {
    this.#bytes = bytes;
    this.#inodes = inodes;
  }

  next(): Entry | undefined {
    if (!this.#isWholeRecord()) return undefined;
    this.#at = this.consumed;
    const type = TYPES[this.#text()];
    if (!type) throw invalidListing('has an entry of unknown type');
    const mode = this.#number(8);
    const uid = this.#number(10);
    const gid = this.#number(10);
    const sizeBytes = this.#number(10);
    const inode = this.#inode();
    const linkCount = this.#number(10);
    const path = `/${this.#text()}` as ImagePath;
    const linkTarget = this.#text();
    this.consumed = this.#at;
    return { path, type, mode, uid, gid, sizeBytes, linkTarget, inode, linkCount };
  }

  #isWholeRecord(): boolean {
    let at = this.consumed;
    for (let field = 0; field < 9; field++) {
      const end = this.#bytes.indexOf(0, at);
      if (end < 0) return false;
      at = end + 1;
    }
    return true;
  }

  #text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    const text = end === this.#at ? '' : this.#bytes.toString('latin1', this.#at, end);
    this.#at = end + 1;
    return text;
  }

  #number(base: 8 | 10): number {
    let value = 0;
    for (let byte = this.#bytes[this.#at++] ?? 0; byte !== 0; byte = this.#bytes[this.#at++] ?? 0) {
      if (byte < 0x30 || byte >= 0x30 + base) throw invalidListing('has a field that is no number');
      value = value * base + byte - 0x30;
    }
    return value;
  }

  #inode(): number {
    const start = this.#at;
    const value = this.#number(10);
    if (this.#at - start - 1 <= EXACT_DIGITS) return value;
    const digits = this.#bytes.toString('latin1', start, this.#at - 1);
    const known = this.#inodes.get(digits) ?? -1 - this.#inodes.size;
    this.#inodes.set(digits, known);
    return known;
  }
}

function invalidListing(what: string): TraceSlimError {
  return new TraceSlimError('ENGINE_FAILED', `The list of the image's files ${what}`, {
    hint: 'Check that GNU find is the find that is used (find --version).',
  });
}
