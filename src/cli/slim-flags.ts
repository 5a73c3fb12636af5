import { camelCase, type OptionGroup, type OptionRow } from './option-rows.ts';
import { SLIM_THEMES, type SlimFlag } from './slim-flag-table.ts';

const FOREIGN_FLAGS = SLIM_THEMES.flatMap(({ flags }) => flags).filter(({ effect }) => effect !== 'honoured');

/**
 * SlimToolkit's flags that a command with these options has no counterpart for, as options that no help shows.
 */
export function slimOptions(own: readonly OptionGroup[]): OptionGroup {
  const names = new Set(own.flatMap(({ rows }) => rows.map(({ name }) => name)));
  const flags = FOREIGN_FLAGS.filter(({ name }) => !names.has(name));
  return { heading: 'SlimToolkit:', rows: flags.map(rowOf) };
}

function rowOf({ name, kind, because }: SlimFlag): OptionRow {
  return { name, kind: kind === 'value' ? 'list' : kind, text: because, rare: true };
}

/**
 * The flags without a counterpart among those given, by the names commander stores them under. A refused one that is
 * switched off is fine.
 */
export function slimFlagsIn(options: Readonly<Record<string, unknown>>, own: readonly OptionGroup[]): SlimFlag[] {
  const known = new Set(slimOptions(own).rows.map(({ name }) => name));
  return FOREIGN_FLAGS.filter(({ name, effect }) => {
    const value = options[camelCase(name)];
    return known.has(name) && value !== undefined && (effect === 'ignored' || value !== false);
  });
}
