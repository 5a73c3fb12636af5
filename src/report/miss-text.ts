import { printable } from './format.ts';
import type { AlteredPath, Lookup, Miss } from './report.ts';

/** What is said of a miss after the call, where the call itself has not failed. */
const MISS_WORDS: Readonly<Record<Miss['kind'], string>> = {
  failed: '',
  unlisted: ' without it',
  overwritten: ' made it anew',
};

/** A miss as one line: what was looked for, by which call of which program, and what made it fail. */
export function missText(miss: Miss): string {
  const pattern = miss.excludedBy === null ? '' : `, left out by --exclude-pattern ${printable(miss.excludedBy)}`;
  return `${lookupText(miss, MISS_WORDS[miss.kind])}${causes(miss)}${pattern}`;
}

/** What makes it fail, where that is not the path itself. */
function causes({ path, lacks, altered: changed }: Miss): string {
  const missing = lacks.filter((lack) => lack !== path);
  return [
    ...(missing.length > 0 ? [`: ${missing.join(', ')} missing`] : []),
    ...changed.map(({ path: at, ...rest }) => `: ${at === path ? '' : `${at} has `}${valuesText(rest)}`),
  ].join('');
}

/** A look-up as one line; `words` follow the call. */
export function lookupText({ path, syscall, errno, executable, phase }: Lookup, words = ''): string {
  const who = executable === null ? '' : ` by ${executable}`;
  return `${path}  ${[syscall, errno].filter(Boolean).join(' ')}${words}${who} during ${printable(phase)}`;
}

/** What a path of the slim image is instead of what it was. */
export function alteredText({ path, ...rest }: AlteredPath): string {
  return `${path}  ${valuesText(rest)}`;
}

function valuesText({ what, fat, slim }: Omit<AlteredPath, 'path'>): string {
  return `${what} ${slim} instead of ${fat}`;
}
