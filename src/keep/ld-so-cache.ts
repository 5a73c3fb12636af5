const MAGIC = 'glibc-ld.so.cache1.1';
const HEADER_BYTES = 48;
const ENTRY_BYTES = 24;

export interface CachedLibrary {
  /** Absolute path, byte string. */
  readonly path: string;
  /** Only for processors with these capabilities; the loader falls back to an entry without. */
  readonly isForHardware: boolean;
}

/**
 * The libraries of an `ld.so.cache` by name, in the order the loader prefers them. Knows the new format alone and behind a
 * header of the old one; anything else is an empty cache. Source: glibc sysdeps/generic/dl-cache.h.
 */
export function parseLdSoCache(bytes: Buffer): Map<string, CachedLibrary[]> {
  const libraries = new Map<string, CachedLibrary[]>();
  const start = bytes.indexOf(MAGIC, 0, 'latin1');
  if (start < 0 || bytes.length < start + HEADER_BYTES) return libraries;
  const cache = bytes.subarray(start);
  const isBigEndian = ((cache[28] ?? 0) & 3) === 3;
  const number = (at: number) => (isBigEndian ? cache.readUInt32BE(at) : cache.readUInt32LE(at));
  const count = Math.min(number(20), Math.floor((cache.length - HEADER_BYTES) / ENTRY_BYTES));
  for (let index = 0; index < count; index++) {
    const at = HEADER_BYTES + index * ENTRY_BYTES;
    const name = stringAt(cache, number(at + 4));
    const path = stringAt(cache, number(at + 8));
    if (!name || !path?.startsWith('/')) continue;
    const isForHardware = number(at + 16) !== 0 || number(at + 20) !== 0;
    const known = libraries.get(name);
    if (known) known.push({ path, isForHardware });
    else libraries.set(name, [{ path, isForHardware }]);
  }
  return libraries;
}

function stringAt(bytes: Buffer, offset: number): string | undefined {
  const end = bytes.indexOf(0, offset);
  return offset < bytes.length && end > offset ? bytes.toString('latin1', offset, end) : undefined;
}
