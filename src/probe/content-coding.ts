import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';

const DECODERS: Readonly<Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Buffer>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};

/**
 * What a body says before it was compressed: compressed bytes hold the time and wholly differ when one character does.
 * `coding` as the header content-encoding. Undefined when it is none of gzip, deflate and br, what it says is longer than
 * `maxBytes`, or the bytes are not that.
 */
export function decodeContent(bytes: Buffer, coding: string, maxBytes: number): Buffer | undefined {
  const name = coding.trim().toLowerCase();
  const decode = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
  try {
    return decode?.(bytes, { maxOutputLength: maxBytes });
  } catch {
    return undefined;
  }
}
