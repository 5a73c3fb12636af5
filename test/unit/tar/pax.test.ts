import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodePax, parsePax } from '../../../src/tar/pax.ts';

describe('PAX records', () => {
  test('survive being written and read, whatever bytes the values have', () => {
    const key = fc.stringMatching(/^[A-Za-z.%]{1,40}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.uint8Array({ maxLength: 120 }))), (pairs) => {
        const records = new Map(pairs.map(([name, bytes]) => [name, Buffer.from(bytes)]));
        const blocks = encodePax(records);
        const size = Number.parseInt(blocks.toString('latin1', 124, 135), 8);
        expect(parsePax(blocks.subarray(512, 512 + size))).toEqual(records);
        expect(blocks.length % 512).toBe(0);
      }),
    );
  });

  test.each([
    ['no length', 'path=x\n'],
    ['a length beyond the end', '99 path=x\n'],
    ['a length of zero', '0 path=x\n'],
    ['a missing newline', '9 path=x '],
    ['no equals sign', '9 pathxx\n'],
    ['no key', '5 =x\n'],
    ['a sign in the length', '+9 path=x\n'],
  ])('with %s are refused', (_, body) => {
    expect(() => parsePax(Buffer.from(body))).toThrow(expect.objectContaining({ code: 'IMAGE_INVALID' }));
  });
});
