import { decodeEscapes, endOfString } from './strace-strings.ts';

/** One call as strace prints it. */
export interface Syscall {
  readonly name: string;
  /** Arguments as printed: strings with their quotes, descriptors with their annotation. */
  readonly args: readonly string[];
  /** What follows `= `, as printed. */
  readonly result: string;
}

/** Stands in a bounded line for what was left out of its middle. No byte string contains it. */
export const ELLIPSIS = '\u2026';

/** Parses `NAME(ARGUMENTS) = RESULT`; undefined for anything else. A call that strace cannot tell has the name `???`. */
export function parseCall(text: string): Syscall | undefined {
  const open = text.indexOf('(');
  if (open <= 0 || !isName(text, open)) return undefined;
  const args: string[] = [];
  const close = splitArguments(text, open + 1, args);
  if (close < 0) return undefined;
  let equals = close + 1;
  while (text.charCodeAt(equals) === SPACE) equals++;
  if (equals === close + 1 || text.charCodeAt(equals) !== EQUALS || text.charCodeAt(equals + 1) !== SPACE) {
    return undefined;
  }
  const result = text.slice(equals + 2);
  return result === '' ? undefined : { name: text.slice(0, open), args, result };
}

/** The errno name of a result; undefined for success and for a call that never returned. */
export function errnoOfResult(result: string): string | undefined {
  const start = result.startsWith('-1 E') ? 3 : result.startsWith('? E') ? 2 : -1;
  if (start >= 0) {
    const end = result.indexOf(' ', start);
    return end < 0 ? result.slice(start) : result.slice(start, end);
  }
  return result.startsWith('-1 (errno ') ? 'EUNKNOWN' : undefined;
}

/** True for a call that its thread did not live to see the end of. */
export function neverReturned({ result }: Pick<Syscall, 'result'>): boolean {
  return result === '?' || result.startsWith('? <');
}

/** A path argument: its bytes, or why there are none. `cut` and `unreadable` hide a path, `null` is a null pointer. */
export type PathText = { readonly path: string } | 'null' | 'cut' | 'unreadable';

/** Reads a string argument. */
export function pathOf(arg: string | undefined): PathText {
  if (arg === undefined) return 'unreadable';
  if (arg.charCodeAt(0) !== QUOTE) return arg === 'NULL' ? 'null' : 'unreadable';
  if (arg.endsWith('"...')) return 'cut';
  return arg.endsWith('"') && arg.length > 1 ? { path: decodeEscapes(arg.slice(1, -1)) } : 'unreadable';
}

/** What `-y` prints beside a descriptor: a path, or `pipe:[7]` and the like, and whether it was deleted since. */
export interface Annotation {
  readonly target: string;
  readonly isDeleted: boolean;
}

/** The annotation of `3</path>`, `AT_FDCWD</path>` or `3</path>(deleted)`; undefined when there is none. */
export function annotationOf(arg: string | undefined): Annotation | undefined {
  if (arg === undefined) return undefined;
  const open = arg.indexOf('<');
  const close = arg.lastIndexOf('>');
  if (open < 0 || close < open) return undefined;
  return { target: decodeEscapes(arg.slice(open + 1, close)), isDeleted: arg.endsWith('>(deleted)') };
}

const QUOTE = 0x22;
const SPACE = 0x20;
const EQUALS = 0x3d;
const COMMA = 0x2c;
const LESS = 0x3c;
const SLASH = 0x2f;
const QUESTION_MARK = 0x3f;
const STAR = 0x2a;
const CLOSE_PARENTHESIS = 0x29;

function isName(text: string, end: number): boolean {
  for (let i = 0; i < end; i++) {
    const code = text.charCodeAt(i);
    const isWord = (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x5f;
    if (!isWord && code !== QUESTION_MARK) return false;
  }
  return true;
}

/** Splits at the commas outside of strings, annotations and brackets. Gives the index of the closing parenthesis, or -1. */
function splitArguments(text: string, start: number, args: string[]): number {
  const gap = text.length > GAP_POSSIBLE ? text.indexOf(ELLIPSIS) : -1;
  const limit = gap < 0 ? text.length : gap;
  let begin = start;
  for (let i = start; i < limit; i++) {
    const code = text.charCodeAt(i);
    if (code === COMMA) {
      args.push(argument(text, begin, i));
      begin = i + 1;
    } else if (isClosing(code)) {
      if (i > begin || args.length > 0) args.push(argument(text, begin, i));
      return code === CLOSE_PARENTHESIS ? i : -1;
    } else {
      i = isOpening(code) ? endOfBrackets(text, i) : endOfSpan(text, i, code);
    }
  }
  return closeBehind(text, gap, begin, args);
}

function argument(text: string, begin: number, end: number): string {
  const from = text.charCodeAt(begin) === SPACE ? begin + 1 : begin;
  return text.charCodeAt(end - 1) === SPACE ? text.slice(from, end).trimEnd() : text.slice(from, end);
}

/** Index of the bracket that closes the one at `open`; the text's length when there is none. */
function endOfBrackets(text: string, open: number): number {
  let depth = 1;
  for (let i = open + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (isOpening(code)) depth++;
    else if (isClosing(code) && --depth === 0) return i;
    else i = endOfSpan(text, i, code);
  }
  return text.length;
}

/** The last character of a string, an annotation or a comment that begins at `i`; `i` itself where none does. */
function endOfSpan(text: string, i: number, code: number): number {
  if (code === QUOTE) return orEnd(text, endOfString(text, i));
  if (code === LESS) return isAnnotation(text, i) ? orEnd(text, text.indexOf('>', i)) : i;
  if (code !== SLASH || text.charCodeAt(i + 1) !== STAR) return i;
  return orEnd(text, text.indexOf('*/', i + 2)) + 1;
}

function orEnd(text: string, index: number): number {
  return index < 0 ? text.length : index;
}

/** Annotations follow a descriptor number or AT_FDCWD at once; `1<<2` is arithmetic, ` <unfinished` is none. */
function isAnnotation(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  const isDescriptor = (before >= 0x30 && before <= 0x39) || before === 0x44;
  return isDescriptor && text.charCodeAt(at + 1) !== LESS;
}

/** Of a bounded line only the first arguments and the result are known; of any other, this was no call. */
function closeBehind(text: string, gap: number, begin: number, args: string[]): number {
  if (gap < 0) return -1;
  args.push(argument(text, begin, gap));
  const close = text.lastIndexOf(') = ');
  return close > gap ? close : -1;
}

function isOpening(code: number): boolean {
  return code === 0x28 || code === 0x5b || code === 0x7b;
}

function isClosing(code: number): boolean {
  return code === CLOSE_PARENTHESIS || code === 0x5d || code === 0x7d;
}

/** Lines shorter than this are never bounded. */
const GAP_POSSIBLE = 4096;
