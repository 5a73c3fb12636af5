import { diffArrays } from 'diff';
import { bytesOf, displayPath } from '../rootfs/path.ts';
import type { Place } from './template.ts';
import { linesOf, type TextPattern } from './text.ts';

const MAX_LINES = 16;
const MAX_WIDTH = 160;
/** How much of a long line is shown before the place where it differs. */
const LEAD = 60;
/** With more differences than this only the first one is looked for. */
const MAX_EDITS = 400;

/** Where two texts part, for people. */
export interface Excerpt {
  /** The first line, or part of it, that only the fat image has; `(nothing)` when only the slim image has more. */
  readonly fat: string;
  readonly slim: string;
  /** Lines as in a unified diff, at most sixteen: a blank, `-` (fat) or `+` (slim), then the line. */
  readonly diff: string;
}

/** Finds where `slim` leaves the pattern. Safe for terminals. */
export function excerptOf(pattern: TextPattern, slim: string): Excerpt {
  const hunk = firstHunk(changesOf(pattern.places, linesOf(slim)));
  const removed = hunk.filter(({ sign }) => sign === '-');
  const added = hunk.filter(({ sign }) => sign === '+');
  const from = removed[0] && added[0] ? Math.max(0, commonStart(removed[0].text, added[0].text) - LEAD) : 0;
  const lines = hunk
    .slice(0, MAX_LINES)
    .map(({ sign, text }) => `${sign} ${sign === ' ' ? cut(text, 0) : cut(text, from)}`);
  if (hunk.length > MAX_LINES) lines.push(`  (${hunk.length - MAX_LINES} more lines)`);
  return { fat: shownLine(removed, from), slim: shownLine(added, from), diff: lines.join('\n') };
}

interface ChangedLine {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

function changesOf(places: readonly Place[], lines: readonly string[]): ChangedLine[] {
  const changes = diffArrays<Place | string>([...places], [...lines], {
    maxEditLength: MAX_EDITS,
    comparator: isAlike,
  });
  if (!changes) return wholly(places, lines);
  return changes.flatMap(({ value, added, removed }) => {
    const sign = added ? '+' : removed ? '-' : ' ';
    return value.map((item) => ({ sign, text: typeof item === 'string' ? item : item.shown }) as const);
  });
}

function isAlike(left: Place | string, right: Place | string): boolean {
  if (typeof left === 'string') return typeof right === 'string' ? left === right : right.matches(left);
  return typeof right === 'string' ? left.matches(right) : left === right;
}

function wholly(places: readonly Place[], lines: readonly string[]): ChangedLine[] {
  const start = places.findIndex((place, at) => !place.matches(lines[at] ?? ''));
  const from = Math.max(0, start);
  return [
    ...places.slice(from, from + MAX_LINES / 2).map(({ shown }) => ({ sign: '-', text: shown }) as const),
    ...lines.slice(from, from + MAX_LINES / 2).map((text) => ({ sign: '+', text }) as const),
  ];
}

/** From one line before the first change on. */
function firstHunk(changes: readonly ChangedLine[]): ChangedLine[] {
  const first = changes.findIndex(({ sign }) => sign !== ' ');
  const last = changes.findLastIndex(({ sign }) => sign !== ' ');
  return changes.slice(Math.max(0, first - 1), last + 2);
}

function commonStart(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return at;
}

function shownLine(lines: readonly ChangedLine[], from: number): string {
  return lines[0] ? cut(lines[0].text, from) : '(nothing)';
}

function cut(line: string, from: number): string {
  const part = displayBytes(line.slice(from, from + MAX_WIDTH));
  return `${from > 0 ? '…' : ''}${part}${line.length > from + MAX_WIDTH ? '…' : ''}`;
}

/** Bytes for people, control characters escaped; text that is no byte string is taken as it is. */
export function displayBytes(text: string): string {
  return displayPath(/^[\0-\xff]*$/.test(text) ? text : bytesOf(text)).replaceAll('\\x5c', '\\');
}
