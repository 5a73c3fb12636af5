import { describe, expect, it } from 'vitest';
import { boundedWork } from '../../../src/probe/bounded-work.ts';

describe('boundedWork', () => {
  it('gives what the work gives', () => {
    expect(boundedWork(() => ({ a: 1 }), undefined)).toEqual({ a: 1 });
  });

  it('ends a regular expression that would never end', () => {
    expect(boundedWork(() => /^(a+)+$/.test(`${'a'.repeat(40)}b`), 'endless', 50)).toBe('endless');
  });

  it('gives up on what is too deep for the stack', () => {
    const deep: unknown = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000));
    expect(boundedWork(() => JSON.stringify(deep), 'too deep')).toBe('too deep');
  });

  it('passes other errors on', () => {
    expect(() => boundedWork(() => JSON.parse('{'), undefined)).toThrow(SyntaxError);
  });
});
