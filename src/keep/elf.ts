import type { FileWindow } from './file-window.ts';

/** What the dynamic loader reads of an ELF file. Paths and names are byte strings as stored. */
export interface ElfFile {
  readonly bits: 32 | 64;
  readonly isLittleEndian: boolean;
  /** `e_machine`: 62 is x86-64, 183 is AArch64. */
  readonly machine: number;
  /** PT_INTERP; undefined for shared libraries and static programs. */
  readonly interpreter: string | undefined;
  readonly isDynamic: boolean;
  readonly soname: string | undefined;
  readonly needed: readonly string[];
  readonly rpath: readonly string[];
  /** Undefined without DT_RUNPATH; a DT_RPATH is then in force. */
  readonly runpath: readonly string[] | undefined;
}

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT = { needed: 1, strtab: 5, soname: 14, rpath: 15, runpath: 29 } as const;

/** Bounds against files that only look like ELF. Real ones stay far below. */
const MAX_SEGMENTS = 512;
const MAX_DYNAMIC_BYTES = 64 * 1024;
const MAX_NEEDED = 2048;
const MAX_STRING_BYTES = 4096;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly sizeBytes: number;
}

/**
 * Reads an ELF file's headers and dynamic section. Undefined for anything that is no well-formed ELF file; never throws
 * for content. Source: System V gABI, chapters 4 and 5.
 */
export async function readElf(file: FileWindow): Promise<ElfFile | undefined> {
  const layout = layoutOf(await file.at(0, 64));
  if (!layout) return undefined;
  const segments = await readSegments(file, layout);
  if (!segments) return undefined;
  const interpreter = segments.find((segment) => segment.type === PT_INTERP);
  const dynamic = segments.find((segment) => segment.type === PT_DYNAMIC);
  const tags = dynamic ? await readDynamic(file, layout, dynamic) : [];
  const strings = await readStrings(file, segments, tags);
  return {
    bits: layout.bits,
    isLittleEndian: layout.isLittleEndian,
    machine: layout.machine,
    interpreter: interpreter && (await readString(file, interpreter.offset)),
    isDynamic: dynamic !== undefined,
    soname: strings(DT.soname)[0],
    needed: strings(DT.needed),
    rpath: strings(DT.rpath).flatMap((list) => list.split(':')),
    runpath: tags.some(([tag]) => tag === DT.runpath)
      ? strings(DT.runpath).flatMap((list) => list.split(':'))
      : undefined,
  };
}

interface Layout {
  readonly bits: 32 | 64;
  readonly isLittleEndian: boolean;
  readonly machine: number;
  readonly segmentsOffset: number;
  readonly segmentBytes: number;
  readonly segmentCount: number;
}

function layoutOf(head: Buffer): Layout | undefined {
  if (head.length < 52 || head.readUInt32BE(0) !== 0x7f454c46) return undefined;
  const bits = head[4] === 1 ? 32 : head[4] === 2 ? 64 : undefined;
  if (bits === undefined || (bits === 64 && head.length < 64) || (head[5] !== 1 && head[5] !== 2)) return undefined;
  const isLittleEndian = head[5] === 1;
  const fields = new Fields(head, bits, isLittleEndian);
  const counts = bits === 64 ? 54 : 42;
  const layout: Layout = {
    bits,
    isLittleEndian,
    machine: fields.half(18),
    segmentsOffset: fields.word(bits === 64 ? 32 : 28),
    segmentBytes: fields.half(counts),
    segmentCount: fields.half(counts + 2),
  };
  const isSane = layout.segmentBytes === (bits === 64 ? 56 : 32) || layout.segmentCount === 0;
  return isSane && layout.segmentCount <= MAX_SEGMENTS ? layout : undefined;
}

async function readSegments(file: FileWindow, layout: Layout): Promise<Segment[] | undefined> {
  const { bits, segmentBytes, segmentCount, segmentsOffset } = layout;
  if (!Number.isSafeInteger(segmentsOffset)) return undefined;
  const bytes = await file.at(segmentsOffset, segmentBytes * segmentCount);
  if (bytes.length < segmentBytes * segmentCount) return undefined;
  const fields = new Fields(bytes, bits, layout.isLittleEndian);
  const [offset, address, size] = bits === 64 ? [8, 16, 32] : [4, 8, 16];
  return Array.from({ length: segmentCount }, (_, index) => {
    const at = index * segmentBytes;
    return {
      type: fields.full(at),
      offset: fields.word(at + offset),
      address: fields.word(at + address),
      sizeBytes: fields.word(at + size),
    };
  });
}

async function readDynamic(file: FileWindow, layout: Layout, segment: Segment): Promise<[number, number][]> {
  if (!Number.isSafeInteger(segment.offset)) return [];
  const bytes = await file.at(segment.offset, Math.min(segment.sizeBytes, MAX_DYNAMIC_BYTES));
  const fields = new Fields(bytes, layout.bits, layout.isLittleEndian);
  const width = layout.bits / 8;
  const tags: [number, number][] = [];
  for (let at = 0; at + 2 * width <= bytes.length; at += 2 * width) {
    const tag = fields.word(at);
    if (tag === 0) break;
    tags.push([tag, fields.word(at + width)]);
  }
  return tags;
}

/** Looks up the strings that dynamic tags point to, in the order of the tags. */
async function readStrings(
  file: FileWindow,
  segments: readonly Segment[],
  tags: readonly [number, number][],
): Promise<(tag: number) => string[]> {
  const table = tags.find(([tag]) => tag === DT.strtab)?.[1] ?? -1;
  const load = segments.find(
    ({ type, address, sizeBytes }) => type === PT_LOAD && table >= address && table < address + sizeBytes,
  );
  if (!load) return () => [];
  const wanted = tags.filter(([tag]) => tag !== DT.strtab && Object.values<number>(DT).includes(tag));
  const found: [number, string][] = [];
  for (const [tag, index] of wanted.slice(0, MAX_NEEDED)) {
    const text = await readString(file, load.offset + (table - load.address) + index);
    if (text) found.push([tag, text]);
  }
  return (tag) => found.filter(([of]) => of === tag).map(([, text]) => text);
}

async function readString(file: FileWindow, offset: number): Promise<string | undefined> {
  if (!Number.isSafeInteger(offset)) return undefined;
  for (let length = 256; length <= MAX_STRING_BYTES; length *= 4) {
    const bytes = await file.at(offset, length);
    const end = bytes.indexOf(0);
    if (end >= 0) return bytes.toString('latin1', 0, end);
    if (bytes.length < length) return undefined;
  }
  return undefined;
}

class Fields {
  readonly #view: DataView;
  readonly #bits: 32 | 64;
  readonly #isLittleEndian: boolean;

  constructor(bytes: Buffer, bits: 32 | 64, isLittleEndian: boolean) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#bits = bits;
    this.#isLittleEndian = isLittleEndian;
  }

  half(at: number): number {
    return this.#view.getUint16(at, this.#isLittleEndian);
  }

  full(at: number): number {
    return this.#view.getUint32(at, this.#isLittleEndian);
  }

  /** An address or offset. Beyond 2^53 it is inexact, and no safe integer. */
  word(at: number): number {
    return this.#bits === 64 ? Number(this.#view.getBigUint64(at, this.#isLittleEndian)) : this.full(at);
  }
}
