import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
export type Paint = (style: Style, text: string) => string;

/** How a text is to be laid out. */
export interface TextOptions {
  /** Columns of the terminal; Infinity where there is none. */
  readonly width: number;
  readonly color: boolean;
}

export function painter(color: boolean): Paint {
  return (style, text) => (color && text !== '' ? styleText(style, text, { validateStream: false }) : text);
}

/** `9.9 MB`, decimal units as `docker images` shows them. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** `40 ms`, `1.23 s`, `2 m 5 s`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 59_995) return `${(durationMs / 1000).toFixed(2)} s`;
  const seconds = Math.round(durationMs / 1000);
  return `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
}

/** `1 probe`, `3 probes`. */
export function formatAmount(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

/** Text that may hold anything, safe for a terminal: control and direction characters as `\xNN`; line ends stay. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not get through
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** One line of at most `width` columns; what is cut shows as `…`. */
export function truncate(text: string, width: number): string {
  const line = text.replace(/[\t\n]+/g, ' ');
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`;
}

/**
 * Rows as aligned columns, two blanks apart. The widest columns are cut until a row fits into `width`.
 * `paint` colours a finished cell by its place.
 */
export function formatTable(
  rows: readonly (readonly string[])[],
  width: number,
  paint: (text: string, row: number, column: number) => string = (text) => text,
): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  shrink(widths, width - 2 * (columns - 1));
  return rows.map((row, y) => {
    const cells = row.map((cell, x) => {
      const cut = truncate(cell, widths[x] ?? 0);
      const padding = x === row.length - 1 ? '' : ' '.repeat((widths[x] ?? 0) - cut.length);
      return paint(cut, y, x) + padding;
    });
    return cells.join('  ').trimEnd();
  });
}

const NARROWEST_COLUMN = 8;

function shrink(widths: number[], width: number): void {
  let excess = widths.reduce((sum, each) => sum + each, 0) - width;
  while (excess > 0 && Number.isFinite(excess)) {
    const widest = widths.indexOf(Math.max(...widths));
    const current = widths[widest] ?? 0;
    if (current <= NARROWEST_COLUMN) return;
    widths[widest] = current - 1;
    excess -= 1;
  }
}
