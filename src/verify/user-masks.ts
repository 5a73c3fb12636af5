import { boundedWork } from '../probe/bounded-work.ts';

/** Stands for what a user has masked: no byte string contains it, and the volatile rules use others. */
const PLACEHOLDER = '\ue0ff';

/**
 * Masks what matches the regular expressions among `masks` (`/regex/flags`); JSON paths are left to the comparison of
 * documents. Text and expressions are byte strings. A text that makes an expression endless stays as it is.
 */
export function maskByUser(text: string, masks: readonly string[]): string {
  return masks.map(expressionOf).reduce((masked, pattern) => (pattern ? replaced(masked, pattern) : masked), text);
}

function replaced(text: string, pattern: RegExp): string {
  return boundedWork(() => text.replace(pattern, PLACEHOLDER), text);
}

/** Those of the masks that are JSON paths. */
export function pathMasks(masks: readonly string[]): string[] {
  return masks.filter((mask) => mask.startsWith('$'));
}

function expressionOf(mask: string): RegExp | undefined {
  const [, source, flags = ''] = /^\/(.*)\/([a-z]*)$/s.exec(mask) ?? [];
  if (source === undefined) return undefined;
  const bytes = Buffer.from(source, 'utf8').toString('latin1');
  return new RegExp(bytes, flags.replace(/[gyuv]/g, '').concat('g'));
}
