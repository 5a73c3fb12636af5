import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEscapes, endOfString } from '../../../src/trace/strace-strings.ts';
import { byteStrings, encodeAsStrace } from '../../support/strace-log.ts';

describe('decodeEscapes', () => {
  it('gives back the bytes of any string that strace has escaped', () => {
    fc.assert(fc.property(byteStrings(), (bytes) => decodeEscapes(encodeAsStrace(bytes)) === bytes));
    expect(decodeEscapes('\\n\\t\\"\\\\\\1\\0017')).toBe('\n\t"\\\x01\x017');
  });

  it('reads hexadecimal escapes, and octal ones of any length', () => {
    expect(decodeEscapes('\\x41\\xff\\0\\17\\377')).toBe('A\xff\0\x0f\xff');
  });

  it('leaves a lone backslash at the end alone', () => {
    expect(decodeEscapes('end\\')).toBe('end\\');
  });
});

describe('endOfString', () => {
  it('finds the closing quote behind any escaped text', () => {
    fc.assert(
      fc.property(byteStrings(), (bytes) => {
        const quoted = `"${encodeAsStrace(bytes)}"`;
        expect(endOfString(`${quoted}, "next"`, 0)).toBe(quoted.length - 1);
      }),
    );
  });

  it('says when a string has no end', () => {
    expect(endOfString('"open \\"', 0)).toBe(-1);
  });
});
