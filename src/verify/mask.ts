import { type Reading, readDuration, readEpoch, readTime } from './clock.ts';

/**
 * What differs from run to run in the output of healthy programs. `always`: two runs close together often show the same
 * value, so that seeing it twice proves nothing. `unproven`: values that two runs would show to be stable if they are;
 * masked only when there was one run to go by.
 */
interface VolatileRule {
  readonly what: string;
  readonly when: 'always' | 'unproven';
  readonly pattern: RegExp;
  /** What a match tells of the time. */
  read?(match: string): Reading;
}

const DAY = '(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?';
const MONTH =
  '(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:tember)?|Oct(?:ober)?|(?:Nov|Dec)(?:ember)?)';
const CLOCK = '\\d{1,2}:\\d{2}(?::\\d{2}(?:[.,]\\d+)?)?';
const ZONE = '(?:Z|GMT|UTC|[+-]\\d{2}:?\\d{2})';

const UUID = '[\\da-fA-F]{8}-(?:[\\da-fA-F]{4}-){3}[\\da-fA-F]{12}';

const VOLATILE_RULES: readonly VolatileRule[] = [
  {
    what: 'ISO 8601 time',
    when: 'always',
    pattern: new RegExp(`\\b\\d{4}-\\d{2}-\\d{2}(?:[T ]${CLOCK}(?: ?${ZONE})?)?`, 'g'),
    read: readTime,
  },
  {
    what: 'ISO 8601 time without separators',
    when: 'always',
    pattern: new RegExp(`\\b20\\d{6}T\\d{6}(?:[.,]\\d+)?(?:${ZONE})?`, 'g'),
    read: readTime,
  },
  {
    what: 'common log time',
    when: 'always',
    pattern: new RegExp(`\\b\\d{2}/${MONTH}/\\d{4}:${CLOCK}(?: ${ZONE})?`, 'g'),
    read: readTime,
  },
  {
    what: 'slashed date',
    when: 'always',
    pattern: new RegExp(`\\b\\d{4}/\\d{2}/\\d{2}(?: ${CLOCK})?`, 'g'),
    read: readTime,
  },
  {
    what: 'RFC 1123 and asctime',
    when: 'always',
    pattern: new RegExp(
      `(?:\\b${DAY},? )?\\b(?:\\d{1,2}[ -]${MONTH}[ -]\\d{4}|${MONTH} {1,2}\\d{1,2}\\b)(?:,? \\d{4}\\b)?` +
        `(?: ${CLOCK}(?: ${ZONE})?(?: \\d{4}\\b)?)?`,
      'g',
    ),
    read: readTime,
  },
  {
    what: 'clock',
    when: 'always',
    pattern: /(?<![\da-f]:)\b\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?\b(?!:[\da-f]{2}\b)/gi,
    read: readTime,
  },
  {
    what: 'seconds since 1970',
    when: 'always',
    pattern: /\b1[6-9]\d{8}(?:\.\d+|\d{3}|\d{6}|\d{9})?\b/g,
    read: readEpoch,
  },
  {
    what: 'duration',
    when: 'always',
    pattern: /(?<![\w.])\d+(?:\.\d+)?(?:e-?\d+)? ?(?:ns|us|\xc2\xb5s|ms|s|secs?|seconds?|mins?|minutes?)\b/g,
    read: readDuration,
  },
  {
    what: 'process ID',
    when: 'always',
    pattern: /(?<=(?:^|\w|\] )\[)\d+(?=\])|\b\d+#\d+(?=:)|(?<=\bpid[ =:]{1,3})\d+/gim,
  },
  { what: 'UUID', when: 'unproven', pattern: new RegExp(`\\b${UUID}\\b`, 'g') },
  { what: 'memory address', when: 'unproven', pattern: /\b0x[\da-f]{4,}\b/gi },
  { what: 'hexadecimal ID', when: 'unproven', pattern: /\b(?=[\da-f]*\d)(?=[\da-f]*[a-f])[\da-f]{8,}\b/gi },
  { what: 'temporary name', when: 'unproven', pattern: /(?<=\/tmp\/)[\w.-]+/g },
  { what: 'ephemeral port', when: 'unproven', pattern: /(?<=:)(?:3[2-9]|[4-6]\d)\d{3}\b/g },
];

/** First of the private-use characters that stand for masked values: no byte string contains them. */
const FIRST_PLACEHOLDER = 0xe000;

export interface MaskOptions {
  /** Two runs were compared, so what they have in common is stable. */
  readonly proven: boolean;
  /** Which times and durations are masked. Default: all. */
  accepts?(reading: Reading): boolean;
}

/** Replaces volatile values by one placeholder character each; line breaks stay where they are. */
export function maskVolatile(text: string, { proven, accepts }: MaskOptions): string {
  let masked = text;
  for (const [index, { when, pattern, read }] of VOLATILE_RULES.entries()) {
    if (when === 'unproven' && proven) continue;
    const placeholder = String.fromCharCode(FIRST_PLACEHOLDER + index);
    masked =
      read && accepts
        ? masked.replace(pattern, (match) => (accepts(read(match)) ? placeholder : match))
        : masked.replace(pattern, placeholder);
  }
  return masked;
}

/** All that a text says of the time. */
export function readingsOf(text: string): Reading[] {
  const readings: Reading[] = [];
  const accepts = (reading: Reading) => readings.push(reading) > 0;
  maskVolatile(text, { proven: true, accepts });
  return readings;
}

/** What a token is, for telling which others may stand in its place. Punctuation is only like itself. */
export type TokenClass = 'number' | 'id' | 'word' | 'space' | 'mark';

const WORD = '[A-Za-z0-9_\\x80-\\xff]';
/** MAC addresses and fingerprints. */
const OCTETS = '\\b[\\da-fA-F]{2}(?::[\\da-fA-F]{2}){5,}\\b';
const NUMBER = `\\d+(?:\\.\\d+)?(?:e[-+]?\\d+)?(?!${WORD})`;
const TOKEN = new RegExp(`\\b${UUID}\\b|${OCTETS}|${NUMBER}|${WORD}+|\\s+|.`, 'gs');

const CLASSES: readonly { readonly name: TokenClass; readonly pattern: RegExp }[] = [
  { name: 'number', pattern: new RegExp(`^${NUMBER}$`) },
  { name: 'word', pattern: /^[A-Za-z_\x80-\xff]+$/ },
  { name: 'id', pattern: new RegExp(`^(?:${UUID}|${OCTETS}|${WORD}+)$`) },
  { name: 'space', pattern: /^\s/ },
];

/** UUIDs, addresses, numbers, words, runs of blanks, single marks. Joined again they are the line. */
export function tokensOf(line: string): string[] {
  return line.match(TOKEN) ?? [];
}

/** `id` has letters and digits. */
export function classOf(token: string): TokenClass {
  return CLASSES.find(({ pattern }) => pattern.test(token))?.name ?? 'mark';
}

const SHAPES: Readonly<Partial<Record<TokenClass, string>>> = { number: '0', id: '0', space: ' ' };

/** Base64 and the like, long enough that characters of all kinds are in it. */
const LONG_RUN = /[\w+/-]{12,}=*/g;

function isEncoded(run: string): boolean {
  return /\d/.test(run) && /[a-z]/.test(run) && /[A-Z]/.test(run);
}

/** A line with its numbers and IDs made alike; words stay. Two lines of one shape tell the same thing of other things. */
export function shapeOf(line: string): string {
  return tokensOf(line.replace(LONG_RUN, (run) => (isEncoded(run) ? '0' : run)))
    .map((token) => SHAPES[classOf(token)] ?? token)
    .join('');
}
