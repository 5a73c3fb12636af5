import { TraceSlimError } from '../errors.ts';
import { displayPath } from '../rootfs/path.ts';

/** Header blocks and bodies are padded to this many bytes. */
export const BLOCK = 512;

/** `ustar` (POSIX 1988 and later), `gnu` (old GNU), `v7` (no magic). */
type TarFormat = 'ustar' | 'gnu' | 'v7';

/** One header block as stored, before PAX records and GNU long names are applied. Names are byte strings. */
export interface TarHeader {
  readonly name: string;
  readonly linkName: string;
  /** One character; `\0` (an old regular file) is given as `0`. */
  readonly typeflag: string;
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeSeconds: number;
  readonly devMajor: number;
  readonly devMinor: number;
  readonly format: TarFormat;
}

/** What {@link encodeHeader} needs; everything else has a deterministic default. */
export type NewHeader = Pick<TarHeader, 'name' | 'typeflag'> & Partial<TarHeader>;

/**
 * Decodes a header block; undefined for a block of zeros (the archive's end). Numbers may be octal or base-256.
 * Fails with IMAGE_INVALID for a wrong checksum, a malformed number or a negative size.
 * Source: POSIX pax "ustar Interchange Format", GNU tar manual "Basic Tar Format".
 */
export function decodeHeader(block: Buffer): TarHeader | undefined {
  const sum = checksumOf(block);
  if (sum === EMPTY_CHECKSUM && block.every((byte) => byte === 0)) return undefined;
  if (number(block, FIELDS.checksum, 'checksum') !== sum) throw invalid('a tar header has a wrong checksum');
  const format = formatOf(block);
  const hasDevice = format !== 'v7';
  const prefix = format === 'ustar' ? text(block, FIELDS.prefix) : '';
  const name = text(block, FIELDS.name);
  const typeflag = String.fromCharCode(block[156] || 0x30);
  const sizeBytes = number(block, FIELDS.size, 'size');
  if (sizeBytes < 0) throw invalid(`tar entry ${displayPath(name)} has a negative size`);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: text(block, FIELDS.linkName),
    typeflag,
    mode: number(block, FIELDS.mode, 'mode') & 0o7777,
    uid: number(block, FIELDS.uid, 'uid'),
    gid: number(block, FIELDS.gid, 'gid'),
    sizeBytes,
    mtimeSeconds: number(block, FIELDS.mtime, 'mtime'),
    devMajor: hasDevice ? number(block, FIELDS.devMajor, 'device number') : 0,
    devMinor: hasDevice ? number(block, FIELDS.devMinor, 'device number') : 0,
    format,
  };
}

/**
 * Encodes one ustar header block. Names longer than 100 bytes are cut: carry them in PAX records. Numbers that octal
 * cannot hold are stored as base-256, which every current tar reads.
 */
export function encodeHeader(header: NewHeader): Buffer {
  const block = Buffer.alloc(BLOCK);
  writeText(block, FIELDS.name, header.name);
  writeNumber(block, FIELDS.mode, header.mode ?? 0o644);
  writeNumber(block, FIELDS.uid, header.uid ?? 0);
  writeNumber(block, FIELDS.gid, header.gid ?? 0);
  writeNumber(block, FIELDS.size, header.sizeBytes ?? 0);
  writeNumber(block, FIELDS.mtime, header.mtimeSeconds ?? 0);
  block.write(header.typeflag, 156, 1, 'latin1');
  writeText(block, FIELDS.linkName, header.linkName ?? '');
  block.write('ustar\x0000', 257, 8, 'latin1');
  writeNumber(block, FIELDS.devMajor, header.devMajor ?? 0);
  writeNumber(block, FIELDS.devMinor, header.devMinor ?? 0);
  writeChecksum(block);
  return block;
}

/** A copy of a header block with another mode, owner or group; names of the owner or group that is replaced are dropped. */
export function patchHeader(
  block: Buffer,
  { mode, uid, gid }: Partial<Pick<TarHeader, 'mode' | 'uid' | 'gid'>>,
): Buffer {
  const patched = Buffer.from(block);
  if (mode !== undefined) writeNumber(patched, FIELDS.mode, mode);
  if (uid !== undefined) replaceId(patched, FIELDS.uid, uid, FIELDS.userName);
  if (gid !== undefined) replaceId(patched, FIELDS.gid, gid, FIELDS.groupName);
  writeChecksum(patched);
  return patched;
}

/** How many bytes of padding follow a body of this size. */
export function paddingOf(sizeBytes: number): number {
  return (BLOCK - (sizeBytes % BLOCK)) % BLOCK;
}

/** A broken archive, with the same hint everywhere. */
export function invalid(message: string, cause?: unknown): TraceSlimError {
  return new TraceSlimError('IMAGE_INVALID', message, {
    hint: 'Save the image again; the archive is damaged or was not made by an image tool.',
    ...(cause === undefined ? {} : { cause }),
  });
}

type Field = readonly [offset: number, length: number];

const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  linkName: [157, 100],
  userName: [265, 32],
  groupName: [297, 32],
  devMajor: [329, 8],
  devMinor: [337, 8],
  prefix: [345, 155],
} as const satisfies Record<string, Field>;

/** The checksum field itself counts as spaces. */
const EMPTY_CHECKSUM = 8 * 0x20;

function checksumOf(block: Buffer): number {
  let sum = EMPTY_CHECKSUM;
  for (let at = 0; at < 148; at++) sum += block[at] as number;
  for (let at = 156; at < BLOCK; at++) sum += block[at] as number;
  return sum;
}

function formatOf(block: Buffer): TarFormat {
  const magic = block.toString('latin1', 257, 263);
  if (magic === 'ustar\0') return 'ustar';
  return magic === 'ustar ' ? 'gnu' : 'v7';
}

function text(block: Buffer, [offset, length]: Field): string {
  const end = block.indexOf(0, offset);
  return block.toString('latin1', offset, end === -1 ? offset + length : Math.min(end, offset + length));
}

function number(block: Buffer, field: Field, what: string): number {
  const [offset, length] = field;
  const first = block[offset] as number;
  if (first === 0x80 || first === 0xff) return base256(block.subarray(offset, offset + length), what);
  // Old tars put a NUL where others have a leading space.
  const digits = text(block, first === 0 ? [offset + 1, length - 1] : field).trim();
  if (digits === '') return 0;
  if (!/^[0-7]+$/.test(digits)) throw invalid(`a tar header has a malformed ${what}`);
  return Number.parseInt(digits, 8);
}

function base256(bytes: Buffer, what: string): number {
  const isNegative = bytes[0] === 0xff;
  let value = isNegative ? -1n : 0n;
  for (const byte of bytes.subarray(1)) value = (value << 8n) | BigInt(byte);
  const result = Number(value);
  if (!Number.isSafeInteger(result)) throw invalid(`a tar header has a ${what} out of range`);
  return result;
}

function writeText(block: Buffer, [offset, length]: Field, value: string): void {
  block.write(value, offset, length, 'latin1');
}

function writeNumber(block: Buffer, [offset, length]: Field, value: number): void {
  const octal = value >= 0 ? value.toString(8) : '';
  if (octal !== '' && octal.length < length) {
    block.write(octal.padStart(length - 1, '0'), offset, length - 1, 'latin1');
    return;
  }
  let rest = BigInt(value);
  for (let at = offset + length - 1; at > offset; at--) {
    block[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  block[offset] = value < 0 ? 0xff : 0x80;
}

function writeChecksum(block: Buffer): void {
  block.write(`${checksumOf(block).toString(8).padStart(6, '0')}\0 `, FIELDS.checksum[0], 8, 'latin1');
}

/** Headers of the oldest format have no names, but also nothing else there. */
function replaceId(block: Buffer, field: Field, id: number, [nameOffset, nameLength]: Field): void {
  block.fill(0, field[0], field[0] + field[1]);
  writeNumber(block, field, id);
  block.fill(0, nameOffset, nameOffset + nameLength);
}
