/** What a made-up ELF file says to the loader. */
export interface ElfDescription {
  readonly bits?: 32 | 64;
  readonly isLittleEndian?: boolean;
  readonly machine?: number;
  readonly interpreter?: string;
  readonly needed?: readonly string[];
  readonly rpath?: string;
  readonly runpath?: string;
  /** No dynamic section at all. */
  readonly isStatic?: boolean;
}

const BASE = 0x10000;

/** Where a file of each class has what: sizes of the headers, offsets of their fields. */
const LAYOUTS = {
  32: { class: 1, header: 52, segments: 28, counts: 42, segment: 32, offset: 4, address: 8, size: 16 },
  64: { class: 2, header: 64, segments: 32, counts: 54, segment: 56, offset: 8, address: 16, size: 32 },
} as const;

/** An ELF file with program headers, a dynamic section and its strings: all that a loader reads before it maps anything. */
export function elfOf(description: ElfDescription): Buffer {
  const { bits = 64, isLittleEndian = true, machine = 62, interpreter = '', isStatic = false } = description;
  const layout = LAYOUTS[bits];
  const strings = new Strings();
  const interpreterAt = strings.add(interpreter);
  const tags = tagsOf(description, strings);
  const dynamicAt = layout.header + 3 * layout.segment;
  const stringsAt = dynamicAt + ((tags.length + 2) * bits) / 4;
  const file = Buffer.concat([Buffer.alloc(stringsAt), strings.bytes()]);
  const write = writerOf(file, bits, isLittleEndian);

  file.write('\x7fELF', 'latin1');
  file.set([layout.class, isLittleEndian ? 1 : 2, 1], 4);
  write.half(18, machine);
  write.word(layout.segments, layout.header);
  write.half(layout.counts, layout.segment);
  write.half(layout.counts + 2, 3);
  const segments: [number, number, number][] = [
    [1, 0, file.length],
    [isStatic ? 0 : 2, dynamicAt, stringsAt - dynamicAt],
    [interpreter === '' ? 0 : 3, stringsAt + interpreterAt, interpreter.length + 1],
  ];
  for (const [index, [type, offset, size]] of segments.entries()) {
    const at = layout.header + index * layout.segment;
    write.full(at, type);
    write.word(at + layout.offset, offset);
    write.word(at + layout.address, BASE + offset);
    write.word(at + layout.size, size);
  }
  for (const [index, value] of [...tags, [5, BASE + stringsAt]].flat().entries()) {
    write.word(dynamicAt + (index * bits) / 8, value);
  }
  return file;
}

function tagsOf({ needed = [], rpath, runpath }: ElfDescription, strings: Strings): [number, number][] {
  const tags: [number, number][] = needed.map((name) => [1, strings.add(name)]);
  if (rpath !== undefined) tags.push([15, strings.add(rpath)]);
  if (runpath !== undefined) tags.push([29, strings.add(runpath)]);
  return tags;
}

class Strings {
  #text = '\0';

  add(text: string): number {
    const at = this.#text.length;
    this.#text += `${text}\0`;
    return at;
  }

  bytes(): Buffer {
    return Buffer.from(this.#text, 'latin1');
  }
}

function writerOf(file: Buffer, bits: 32 | 64, isLittleEndian: boolean) {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const full = (at: number, value: number) => view.setUint32(at, value, isLittleEndian);
  const long = (at: number, value: number) => view.setBigUint64(at, BigInt(value), isLittleEndian);
  const half = (at: number, value: number) => view.setUint16(at, value, isLittleEndian);
  return { half, full, word: bits === 64 ? long : full };
}
