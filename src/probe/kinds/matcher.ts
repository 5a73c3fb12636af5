import { isDeepStrictEqual } from 'node:util';
import { bytesOf, displayPath } from '../../rootfs/path.ts';
import { boundedWork } from '../bounded-work.ts';
import type { ExpectedText } from './expectation.ts';

/** A regular expression from `/source/flags` or a plain source, which matches in every line. Undefined when it is none. */
export function regexOf(text: string): RegExp | undefined {
  const [, source = text, flags = 'm'] = /^\/(.*)\/([imsu]*)$/s.exec(text) ?? [];
  try {
    return new RegExp(source, flags);
  } catch {
    return undefined;
  }
}

/** Why a text is not as expected, as the end of a sentence that begins with what it is; undefined when it is. */
export function textMismatch(expected: ExpectedText, text: string): string | undefined {
  const { equals, contains, matches, lacks } = typeof expected === 'string' ? { contains: expected } : expected;
  // What programs print ends with a line break that nobody writes down.
  if (equals !== undefined && equals !== text && equals !== text.replace(/\n$/, '')) {
    return `expected to be ${shown(equals)}, is ${shown(text)}`;
  }
  const lacking = listOf(contains).find((part) => !text.includes(part));
  if (lacking !== undefined) return `expected to contain ${shown(lacking)}, is ${shown(text)}`;
  for (const pattern of listOf(matches)) {
    const isMatch = boundedWork(() => regexOf(pattern)?.test(text) ?? false, undefined);
    if (isMatch === undefined) return `takes too long to be matched with ${pattern}, is ${shown(text)}`;
    if (!isMatch) return `expected to match ${pattern}, is ${shown(text)}`;
  }
  const unwanted = listOf(lacks).find((part) => text.includes(part));
  return unwanted === undefined ? undefined : `expected not to contain ${shown(unwanted)}, is ${shown(text)}`;
}

/** As {@link textMismatch}, for the values that a JSON path leads to: one of them has to be as expected. */
export function jsonMismatch(expected: unknown, values: readonly unknown[]): string | undefined {
  if (values.length === 0) return `expected to be ${json(expected)}, is not there`;
  const mismatches = values.map((value) => valueMismatch(expected, value));
  return mismatches.includes(undefined) ? undefined : mismatches[0];
}

const MATCHER_KEYS = new Set(['contains', 'matches', 'lacks']);

function valueMismatch(expected: unknown, value: unknown): string | undefined {
  if (isMatcher(expected)) return textMismatch(expected, typeof value === 'string' ? value : JSON.stringify(value));
  if (isDeepStrictEqual(expected, value)) return undefined;
  return `expected to be ${json(expected)}, is ${json(value)}`;
}

function isMatcher(expected: unknown): expected is Exclude<ExpectedText, string> {
  if (typeof expected !== 'object' || expected === null || Array.isArray(expected)) return false;
  const keys = Object.keys(expected);
  return keys.length > 0 && keys.every((key) => MATCHER_KEYS.has(key));
}

function listOf<T>(given: T | readonly T[] | undefined): readonly T[] {
  if (given === undefined) return [];
  return Array.isArray(given) ? given : [given as T];
}

const MAX_SHOWN = 200;

function shown(text: string): string {
  return `"${cut(text)}"`;
}

function json(value: unknown): string {
  return cut(JSON.stringify(value) ?? 'nothing');
}

function cut(text: string): string {
  const shown = displayPath(bytesOf(text.slice(0, MAX_SHOWN)));
  return text.length > MAX_SHOWN ? `${shown}…` : shown;
}
