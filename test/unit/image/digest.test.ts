import { describe, expect, test } from 'vitest';
import { digestOf, parseDigest, requireBytes, verified } from '../../../src/image/digest.ts';
import { collect, streamOf } from '../../support/tar.ts';

const mismatch = expect.objectContaining({ code: 'DIGEST_MISMATCH' });
const bytes = Buffer.from('some bytes');
const digest = digestOf(bytes);

describe('parseDigest', () => {
  test('takes sha256 with 64 lower-case hex digits and nothing else', () => {
    expect(parseDigest(digest)).toBe(digest);
    for (const text of ['', digest.toUpperCase(), digest.slice(0, -1), `${digest}0`, digest.replace('sha256', 'md5')]) {
      expect(parseDigest(text)).toBeUndefined();
    }
  });
});

describe('verified', () => {
  const read = (expected: { digest?: typeof digest; sizeBytes?: number }) =>
    collect(verified(streamOf(bytes, 3), { subject: 'blob', ...expected }));

  test('passes what has the right digest and size', async () => {
    expect(await read({ digest, sizeBytes: bytes.length })).toEqual(bytes);
    expect(await read({})).toEqual(bytes);
  });

  test.each([
    ['another digest', { digest: digestOf('other') }],
    ['fewer bytes', { digest, sizeBytes: bytes.length + 1 }],
    ['more bytes', { digest, sizeBytes: bytes.length - 1 }],
  ])('fails for %s', async (_, expected) => {
    await expect(read(expected)).rejects.toThrow(mismatch);
  });

  test('stops at once when there are too many bytes', async () => {
    const endless = async function* () {
      for (;;) yield bytes;
    };
    await expect(collect(verified(endless(), { subject: 'blob', sizeBytes: 1000 }))).rejects.toThrow(mismatch);
  });
});

describe('requireBytes', () => {
  test('compares digest and size', () => {
    expect(() => requireBytes(bytes, { subject: 'x', digest, sizeBytes: 10 })).not.toThrow();
    expect(() => requireBytes(bytes, { subject: 'x', digest, sizeBytes: 9 })).toThrow(mismatch);
    expect(() => requireBytes(bytes, { subject: 'x', digest: digestOf('y') })).toThrow(mismatch);
  });
});
