import { existsSync } from 'node:fs';
import { invalid } from './values.ts';

const TRUTH: Readonly<Record<string, boolean>> = { true: true, t: true, 1: true, false: false, f: false, 0: false };

/** What the shape of a command line depends on. */
export interface Vocabulary {
  /** Commands and their aliases. */
  readonly commands: ReadonlySet<string>;
  /** Long names of the boolean options, without dashes. */
  readonly booleans: ReadonlySet<string>;
}

/**
 * Rewrites a command line into what the parser understands: `--flag=true|false` into `--flag` and `--no-flag`, and an
 * image as the first word into `build IMAGE`.
 *
 * @throws USAGE_INVALID for `--flag=maybe`
 */
export function normalizeArguments(argv: readonly string[], { commands, booleans }: Vocabulary): string[] {
  const end = argv.indexOf('--');
  const options = end < 0 ? argv : argv.slice(0, end);
  const operands = end < 0 ? [] : argv.slice(end);
  const words = [...options.map((word) => normalizeBoolean(word, booleans)), ...operands];
  const [first] = words;
  const isImage = first !== undefined && !commands.has(first) && looksLikeSource(first);
  return isImage ? ['build', ...words] : words;
}

function normalizeBoolean(word: string, booleans: ReadonlySet<string>): string {
  const [, name = '', value = ''] = /^--([a-z0-9-]+)=(.*)$/s.exec(word) ?? [];
  if (!booleans.has(name)) return word;
  const truth = TRUTH[value.toLowerCase()];
  if (truth === undefined) throw invalid(`--${name}`, value, 'use true or false');
  return truth ? `--${name}` : `--no-${name}`;
}

function looksLikeSource(word: string): boolean {
  return !word.startsWith('-') && (/[:/]|\.(?:tar|tgz|oci)(?:\.|$)/.test(word) || existsSync(word));
}
