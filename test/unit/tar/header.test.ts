import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeHeader, encodeHeader, type NewHeader } from '../../../src/tar/header.ts';

const invalid = expect.objectContaining({ code: 'IMAGE_INVALID' });

/** Changes some bytes of a block and makes its checksum right again. */
function changed(block: Buffer, offset: number, bytes: string): Buffer {
  const copy = Buffer.from(block);
  copy.write(bytes, offset, 'latin1');
  copy.fill(' ', 148, 156);
  const sum = copy.reduce((total, byte) => total + byte, 0);
  copy.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return copy;
}

const plain: NewHeader = { name: 'etc/passwd', typeflag: '0', sizeBytes: 5, mtimeSeconds: 9 };

describe('decodeHeader', () => {
  test('reads back what encodeHeader writes, numbers of any size included', () => {
    const size = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    const small = fc.integer({ min: 0, max: 2 ** 40 });
    const time = fc.integer({ min: -(2 ** 40), max: 2 ** 40 });
    fc.assert(
      fc.property(size, small, small, time, (sizeBytes, uid, gid, mtimeSeconds) => {
        const header = { ...plain, mode: 0o4755, uid, gid, sizeBytes, mtimeSeconds, linkName: 'l\xff', devMajor: 1 };
        const expected = { ...header, devMinor: 0, format: 'ustar' };
        expect(decodeHeader(encodeHeader(header))).toEqual(expected);
      }),
    );
  });

  test('gives undefined for a block of zeros only', () => {
    expect(decodeHeader(Buffer.alloc(512))).toBeUndefined();
  });

  test('refuses a wrong checksum', () => {
    const block = encodeHeader(plain);
    block[0] = 0x58;
    expect(() => decodeHeader(block)).toThrow(invalid);
  });

  test('refuses a number that is not octal', () => {
    expect(() => decodeHeader(changed(encodeHeader(plain), 124, '0000000009 '))).toThrow(invalid);
  });

  test('reads past a leading NUL in a number, as GNU tar does', () => {
    expect(decodeHeader(changed(encodeHeader(plain), 124, '\x000000000017'))?.sizeBytes).toBe(15);
  });

  test('refuses negative and unsafe sizes', () => {
    expect(() => decodeHeader(changed(encodeHeader(plain), 124, '\xff'.repeat(12)))).toThrow(invalid);
    expect(() => decodeHeader(changed(encodeHeader(plain), 124, '\x80\x7f'.padEnd(12, '\x7f')))).toThrow(invalid);
  });

  test('joins the prefix of ustar, and leaves it alone in GNU headers', () => {
    const ustar = changed(encodeHeader(plain), 345, 'a/long/prefix');
    expect(decodeHeader(ustar)?.name).toBe('a/long/prefix/etc/passwd');
    expect(decodeHeader(changed(ustar, 257, 'ustar  \0'))).toMatchObject({ name: 'etc/passwd', format: 'gnu' });
  });

  test('ignores device numbers where the old format has none', () => {
    const device = encodeHeader({ name: 'dev', typeflag: '3', devMajor: 1, devMinor: 3 });
    expect(decodeHeader(changed(device, 257, '\0\0\0\0\0\0\0\0'))).toMatchObject({ format: 'v7', devMajor: 0 });
  });
});
