import { existsSync } from 'node:fs';
import type { OptionRow } from './option-rows.ts';
import { invalid } from './values.ts';

const TRUTH: Readonly<Record<string, boolean>> = { true: true, t: true, 1: true, false: false, f: false, 0: false };

/** Options that are about the program itself, wherever a command stands. */
const PROGRAM_OPTIONS = new Set(['-h', '--help', '--help-all', '-V', '--version']);

/** What the shape of a command line depends on. */
export interface Vocabulary {
  /** Commands and their aliases. */
  readonly commands: ReadonlySet<string>;
  /** Every option that some command has. */
  readonly options: readonly OptionRow[];
}

/**
 * Rewrites a command line into what the parser understands: `--flag=true|false` into `--flag` and `--no-flag`, options
 * before the command into options behind it, an image without a command into `build IMAGE`, and the ways in which
 * SlimToolkit's options are written differently.
 *
 * @throws USAGE_INVALID for `--flag=maybe`
 */
export function normalizeArguments(argv: readonly string[], vocabulary: Vocabulary): string[] {
  const end = argv.indexOf('--');
  const options = end < 0 ? argv : argv.slice(0, end);
  const operands = end < 0 ? [] : argv.slice(end);
  const kinds = new Map(vocabulary.options.flatMap((row) => namesOf(row).map((name) => [name, row.kind])));
  const words = options.map((word) => normalizeWord(word, kinds));
  return [...commandFirst(withSwitches(words), kinds, vocabulary.commands), ...operands];
}

type Kinds = ReadonlyMap<string, OptionRow['kind']>;

function namesOf({ name, short }: OptionRow): string[] {
  return short ? [`--${name}`, `-${short}`] : [`--${name}`];
}

function normalizeWord(word: string, kinds: Kinds): string {
  const [, dashes = '', name = '', value] = /^(--?)([a-z0-9-]{2,})(?:=(.*))?$/s.exec(word) ?? [];
  const option = `--${name}`;
  const kind = kinds.get(option);
  if (kind === undefined) return word;
  // Programs in Go take one dash for two.
  const doubled = dashes === '-' ? `-${word}` : word;
  if (value === undefined || (kind !== 'on' && kind !== 'off')) return doubled;
  const truth = TRUTH[value.toLowerCase()];
  if (truth === undefined) throw invalid(option, value, 'use true or false');
  return truth ? option : `--no-${name}`;
}

/** Options that are switches at SlimToolkit or have another name there. */
function withSwitches(words: readonly string[]): string[] {
  const found: string[] = [];
  for (const [at, word] of words.entries()) {
    const next = words[at + 1] ?? '-';
    const format = word === '--output-format' ? `${word}=${next}` : word;
    if (word === '--pull' && (next.startsWith('-') || looksLikeSource(next))) found.push('--pull=missing');
    else if (format === '--output-format=json') found.push('--json');
    else if (words[at - 1] !== '--output-format' || word !== 'json') found.push(word);
  }
  return found;
}

function commandFirst(words: readonly string[], kinds: Kinds, commands: ReadonlySet<string>): string[] {
  let at = 0;
  while (words[at]?.startsWith('-')) at += takesNextWord(words[at] as string, kinds) ? 2 : 1;
  const leading = words.slice(0, at);
  const word = words[at];
  if (word === undefined || leading.some((option) => PROGRAM_OPTIONS.has(option))) return [...words];
  if (commands.has(word)) return [word, ...leading, ...words.slice(at + 1)];
  return looksLikeSource(word) ? ['build', ...words] : [...words];
}

function takesNextWord(word: string, kinds: Kinds): boolean {
  const kind = kinds.get(word);
  return kind === 'value' || kind === 'list';
}

function looksLikeSource(word: string): boolean {
  return /[:/]|\.(?:tar|tgz|oci)(?:\.|$)/.test(word) || existsSync(word);
}
