import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeContent } from '../../../src/probe/content-coding.ts';

const TEXT = Buffer.from('hello '.repeat(100));

describe('decodeContent', () => {
  it.each([
    ['gzip', gzipSync],
    [' GZIP', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('reads %s', (coding, encode) => {
    expect(decodeContent(encode(TEXT), coding, 1000)).toEqual(TEXT);
  });

  it('leaves what it does not know, what is not that, and what is too long', () => {
    expect(decodeContent(TEXT, '', 1000)).toBeUndefined();
    expect(decodeContent(TEXT, 'toString', 1000)).toBeUndefined();
    expect(decodeContent(TEXT, 'gzip', 1000)).toBeUndefined();
    expect(decodeContent(gzipSync(TEXT), 'gzip', 599)).toBeUndefined();
  });
});
