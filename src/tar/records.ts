import { displayPath } from '../rootfs/path.ts';
import { BLOCK, decodeHeader, invalid, paddingOf, type TarHeader } from './header.ts';
import { encodePax, type PaxRecords, parsePax } from './pax.ts';
import { type ByteSource, truncated } from './source.ts';

/** Bound of one extended header or long name, as in Go's archive/tar. */
const MAX_EXTENSION_BYTES = 1 << 20;
/** Bound of the extra map blocks of one old GNU sparse entry. */
const MAX_SPARSE_BLOCKS = 4096;

/** One entry of a tar archive. Names are byte strings as stored: not normalised, not safe. */
export interface TarRecord {
  /** The entry's own header block. Names and sizes here may be overruled by those of the record. */
  readonly header: TarHeader;
  readonly name: string;
  readonly linkName: string;
  /** Size of the body as stored (for sparse files not the size of the file), without padding. */
  readonly sizeBytes: number;
  readonly pax: PaxRecords;
  /** The header blocks byte for byte, extended headers first; global PAX records are expanded into each entry's own. */
  readonly blocks: readonly Buffer[];
  /** The last of {@link blocks}' parts: the entry's own header block with its sparse map, without extended headers. */
  readonly ownBlocks: readonly Buffer[];
  /** Where the body starts in the source. */
  readonly bodyOffset: number;
  /** The body with its padding, passed through. What is not consumed is skipped when the next record is asked for. */
  body(): AsyncGenerator<Buffer, void, undefined>;
}

/**
 * Splits a tar archive into its records. Ends at the archive's end mark; a source without any byte is an empty archive.
 * Fails with IMAGE_INVALID for a truncated archive, a missing end mark, or anything two tar readers could understand
 * differently.
 */
export async function* readRecords(source: ByteSource): AsyncGenerator<TarRecord, void, undefined> {
  const globals = new Map<string, Buffer>();
  for (;;) {
    const extensions = await readExtensions(source, globals);
    if (!extensions) return;
    const { header } = extensions;
    const pax: PaxRecords = globals.size === 0 ? extensions.pax : new Map([...globals, ...extensions.pax]);
    const sizeBytes = bodySizeOf(header, pax);
    const bodyOffset = source.position;
    const bodyEnd = bodyOffset + sizeBytes + paddingOf(sizeBytes);
    yield {
      header,
      name: value(pax, 'GNU.sparse.name') ?? value(pax, 'path') ?? extensions.longName ?? header.name,
      linkName: value(pax, 'linkpath') ?? extensions.longLink ?? header.linkName,
      sizeBytes,
      pax,
      blocks: globals.size === 0 ? extensions.blocks : expanded(extensions, pax),
      ownBlocks: extensions.ownBlocks,
      bodyOffset,
      body: () => bodyOf(source, bodyEnd),
    };
    await source.skip(bodyEnd - source.position);
  }
}

interface Extensions {
  header: TarHeader;
  pax: PaxRecords;
  longName: string | undefined;
  longLink: string | undefined;
  blocks: Buffer[];
  ownBlocks: Buffer[];
}

/** Reads up to and including an entry's own header; undefined at the archive's end. */
async function readExtensions(source: ByteSource, globals: Map<string, Buffer>): Promise<Extensions | undefined> {
  const blocks: Buffer[] = [];
  const found = new Map<string, Buffer>();
  for (;;) {
    const block = await readHeaderBlock(source);
    const header = block && decodeHeader(block);
    if (!block || !header) {
      if (found.size > 0) throw invalid('the tar archive ends after an extended header');
      await readEndMark(source);
      return undefined;
    }
    const { typeflag } = header;
    if (!'gxLK'.includes(typeflag)) {
      const ownBlocks = [block, ...(await readSparseBlocks(source, header, block))];
      return entryOf(header, found, blocks, ownBlocks);
    }
    const padded = await readExtensionBody(source, header);
    const body = padded.subarray(0, header.sizeBytes);
    if (typeflag === 'g') {
      addGlobals(globals, body);
      continue;
    }
    if (found.has(typeflag)) throw invalid('a tar entry has two extended headers of one kind');
    found.set(typeflag, body);
    blocks.push(block, padded);
  }
}

/** A comment, as `git archive` writes one, says nothing about entries. */
function addGlobals(globals: Map<string, Buffer>, body: Buffer): void {
  for (const [key, bytes] of parsePax(body)) if (key !== 'comment') globals.set(key, bytes);
}

function entryOf(header: TarHeader, found: Map<string, Buffer>, blocks: Buffer[], ownBlocks: Buffer[]): Extensions {
  const records = found.get('x');
  return {
    header,
    pax: records ? parsePax(records) : NO_RECORDS,
    longName: untilNul(found.get('L')),
    longLink: untilNul(found.get('K')),
    blocks: [...blocks, ...ownBlocks],
    ownBlocks,
  };
}

const NO_RECORDS: PaxRecords = new Map();

/** Undefined where the source ends without any record or mark before it: an empty archive. */
async function readHeaderBlock(source: ByteSource): Promise<Buffer | undefined> {
  const start = source.position;
  const block = await source.read(BLOCK);
  if (block.length === BLOCK) return block;
  if (start === 0 && block.length === 0) return undefined;
  throw truncated();
}

/** The second block of zeros; a lone one is an end only where nothing follows. */
async function readEndMark(source: ByteSource): Promise<void> {
  const block = await source.read(BLOCK);
  if (block.some((byte) => byte !== 0)) throw invalid('the tar archive has data after its end mark');
}

async function readExtensionBody(source: ByteSource, header: TarHeader): Promise<Buffer> {
  if (header.sizeBytes > MAX_EXTENSION_BYTES) throw invalid('a tar archive has an extended header of more than 1 MiB');
  const length = header.sizeBytes + paddingOf(header.sizeBytes);
  const body = await source.read(length);
  if (body.length < length) throw truncated();
  return body;
}

/** Old GNU sparse files continue their map in blocks after the header. Source: GNU tar manual, "Old GNU Format". */
async function readSparseBlocks(source: ByteSource, header: TarHeader, own: Buffer): Promise<Buffer[]> {
  const blocks: Buffer[] = [];
  if (header.typeflag !== 'S') return blocks;
  for (let hasMore = own[482] !== 0; hasMore; ) {
    const block = await source.read(BLOCK);
    if (block.length < BLOCK) throw truncated();
    if (blocks.push(block) > MAX_SPARSE_BLOCKS) throw invalid('a sparse tar entry has too many fragments');
    hasMore = block[504] !== 0;
  }
  return blocks;
}

/** Links, devices, directories and FIFOs have no body; readers differ on a size there, so none is let through. */
function bodySizeOf(header: TarHeader, pax: PaxRecords): number {
  const stated = value(pax, 'size');
  if (stated !== undefined && !/^\d{1,15}$/.test(stated)) throw invalid('a PAX header has a malformed size');
  const sizeBytes = stated === undefined ? header.sizeBytes : Number(stated);
  if (!'123456'.includes(header.typeflag)) return sizeBytes;
  const isOldHardLink = header.typeflag === '1' && stated === undefined;
  if (sizeBytes > 0 && !isOldHardLink) throw invalid(`tar entry ${displayPath(header.name)} must not have a size`);
  return 0;
}

/** A structural PAX value as a byte string. An empty one or one with a NUL is ambiguous among tar readers. */
function value(pax: PaxRecords, key: string): string | undefined {
  const bytes = pax.get(key);
  if (bytes === undefined) return undefined;
  if (bytes.length === 0 || bytes.includes(0)) throw invalid(`a PAX header has a malformed ${key}`);
  return bytes.toString('latin1');
}

function untilNul(body: Buffer | undefined): string | undefined {
  if (body === undefined) return undefined;
  const end = body.indexOf(0);
  return body.toString('latin1', 0, end === -1 ? body.length : end);
}

/** Names from GNU headers are carried over, as PAX records overrule them. */
function expanded(entry: Extensions, pax: PaxRecords): Buffer[] {
  const records = new Map(pax);
  if (entry.longName !== undefined && !pax.has('path')) records.set('path', Buffer.from(entry.longName, 'latin1'));
  if (entry.longLink !== undefined && !pax.has('linkpath'))
    records.set('linkpath', Buffer.from(entry.longLink, 'latin1'));
  return [encodePax(records), ...entry.ownBlocks];
}

async function* bodyOf(source: ByteSource, end: number): AsyncGenerator<Buffer, void, undefined> {
  while (source.position < end) {
    const chunk = await source.readSome(end - source.position);
    if (chunk.length === 0) throw truncated();
    yield chunk;
  }
}
