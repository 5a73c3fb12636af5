import { parseJsonPath } from '../probe/json-path.ts';
import { maskVolatile, shapeOf } from './mask.ts';
import { patternOfRuns, type RunClock } from './runs.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** Nested deeper, a document is compared as text. */
const MAX_DEPTH = 100;
const MAX_DIFFERENCES = 10;
/** Items are looked for in another order as long as this many characters of lists have been read. */
const MAX_REORDERED = 2_000_000;

/** A JSON object or array; undefined for every other text. */
export function parseDocument(text: string): object | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    const document: unknown = JSON.parse(text);
    return typeof document === 'object' && document !== null && depthOf(text) <= MAX_DEPTH ? document : undefined;
  } catch {
    return undefined;
  }
}

/** Where two documents part; values as JSON, undefined where there is none. */
export interface JsonDifference {
  /** As `$.items[0].id`. */
  readonly path: string;
  readonly fat: string | undefined;
  readonly slim: string | undefined;
}

/**
 * Compares a document with what runs of the fat image gave. Members are compared by path: what differs between any two
 * runs may be another string that looks alike, any other number, another order, another number of items. Members that one
 * of the runs lacks may be missing. `masks` are JSON paths whose values are not compared. At most ten.
 */
export function compareDocuments(
  fat: readonly unknown[],
  slim: unknown,
  { clock, masks }: { clock: RunClock; masks: readonly string[] },
): JsonDifference[] {
  const comparison: Comparison = {
    ...{ clock, masks: masks.flatMap((mask) => matcherOf(mask) ?? []), found: [], reorderable: MAX_REORDERED },
  };
  compareValues({ path: [], fat: fat.map((value, run) => ({ value, run })), slim }, comparison);
  return comparison.found.slice(0, MAX_DIFFERENCES);
}

interface Comparison {
  readonly clock: RunClock;
  readonly masks: readonly ((path: readonly (string | number)[]) => boolean)[];
  readonly found: JsonDifference[];
  /** Characters that are left to be looked through for another order: lists in lists are read once for each level. */
  reorderable: number;
}

/** One place in the documents. */
interface Values {
  readonly path: readonly (string | number)[];
  /** What those runs of the fat image have there that have anything. */
  readonly fat: readonly SeenValue[];
  readonly slim: unknown;
}

interface SeenValue {
  readonly value: unknown;
  readonly run: number;
}

function compareValues(values: Values, comparison: Comparison): void {
  const { path, fat, slim } = values;
  if (comparison.masks.some((matches) => matches(path)) || comparison.found.length >= MAX_DIFFERENCES) return;
  const kind = kindOf(slim);
  const alike = { path, fat: fat.filter(({ value }) => kindOf(value) === kind), slim };
  if (alike.fat.length === 0) report(values, comparison);
  else if (kind === 'object') compareObjects(alike, comparison);
  else if (kind === 'array') compareArrays(alike, comparison);
  else if (!fitsLeaf(alike, comparison)) report(values, comparison);
}

function report({ path, fat, slim }: Values, { found }: Comparison): void {
  found.push({ path: pathText(path), fat: JSON.stringify(fat[0]?.value), slim: JSON.stringify(slim) });
}

function compareObjects(values: Values, comparison: Comparison): void {
  const slim = values.slim as JsonObject;
  const keys = new Set(values.fat.flatMap(({ value }) => Object.keys(value as JsonObject)));
  const at = (key: string): Values => ({
    path: [...values.path, key],
    fat: values.fat.flatMap(({ value, run }) =>
      Object.hasOwn(value as JsonObject, key) ? [{ value: own(value as JsonObject, key), run }] : [],
    ),
    slim: own(slim, key),
  });
  const varying: Values[] = [];
  for (const key of keys) {
    const member = at(key);
    const isVarying = member.fat.length < values.fat.length;
    if (isVarying) varying.push(member);
    if (!isVarying || Object.hasOwn(slim, key)) compareValues(member, comparison);
  }
  for (const key of Object.keys(slim)) {
    if (!keys.has(key) && !isNameOfThing(key, slim, varying)) compareValues(at(key), comparison);
  }
}

/** Where each run has keys of its own, or keys that are IDs, they are names of things, and others may take their place. */
function isNameOfThing(key: string, slim: JsonObject, varying: readonly Values[]): boolean {
  const runs = varying.map(({ fat }) => new Set(fat.map(({ run }) => run)));
  const isExchanged = runs.some((one) => runs.some((other) => [...one].every((run) => !other.has(run))));
  const isId = /\d/.test(key) && varying.some(({ path }) => shapeOf(String(path.at(-1))) === shapeOf(key));
  const shape = shapeOfValue(slim[key]);
  return (isExchanged || isId) && varying.some(({ fat }) => shapeOfValue(fat[0]?.value) === shape);
}

interface SeenList {
  readonly items: readonly unknown[];
  readonly run: number;
}

function compareArrays(values: Values, comparison: Comparison): void {
  const slim = values.slim as unknown[];
  const lists: SeenList[] = values.fat.map(({ value, run }) => ({ items: value as unknown[], run }));
  const items = lists.map((list) => list.items);
  const lengths = items.map(({ length }) => length);
  const isSearched = searchedForOrder(items, comparison);
  if (isSearched && isReordered(items, canonical)) {
    if (!items.some((list) => isSameSet(list.map(canonical), slim.map(canonical)))) report(values, comparison);
  } else if (isSearched && isReordered(items, likeness)) {
    compareShuffled(values, lists, comparison);
  } else if (new Set(lengths).size === 1) {
    const length = Math.max(...lengths, slim.length);
    for (let at = 0; at < length; at++) {
      const fat = lists.flatMap((list) => (at < list.items.length ? [{ value: list.items[at], run: list.run }] : []));
      compareValues({ path: [...values.path, at], fat, slim: slim[at] }, comparison);
    }
  } else {
    const shapes = new Set(items.flat().map(shapeOfValue));
    const isEmptyFine = lengths.includes(0) || slim.length > 0;
    const isAlike = isEmptyFine && slim.every((item) => shapes.has(shapeOfValue(item)));
    if (!isAlike || slim.length > 2 * Math.max(...lengths) + 4) report(values, comparison);
  }
}

/** Lists in lists would be looked through once for each level: only so many characters of them are. */
function searchedForOrder(lists: readonly (readonly unknown[])[], comparison: Comparison): boolean {
  if (comparison.reorderable < 0) return false;
  const [first, ...others] = lists.map((list) => JSON.stringify(list));
  if (others.every((other) => other === first)) return false;
  comparison.reorderable -= first?.length ?? 0;
  return comparison.reorderable >= 0;
}

/** Items that come in another order and are not quite the same: each is held against the one that is like it in every run. */
function compareShuffled(values: Values, lists: readonly SeenList[], comparison: Comparison): void {
  const slim = values.slim as unknown[];
  const keys = slim.map(likeness);
  if (!lists.some(({ items }) => isSameSet(items.map(likeness), keys))) {
    report(values, comparison);
    return;
  }
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  const alike = new Map<string, SeenValue[]>(keys.map((key) => [key, []]));
  for (const { items, run } of lists) for (const value of items) alike.get(likeness(value))?.push({ value, run });
  for (const [at, key] of keys.entries()) {
    if (counts.get(key) !== 1) continue;
    compareValues({ path: [...values.path, at], fat: alike.get(key) ?? [], slim: slim[at] }, comparison);
  }
}

/** Whether two of the lists have the same items in another order. */
function isReordered(lists: readonly (readonly unknown[])[], likenessOf: (item: unknown) => string): boolean {
  const [first = [], ...others] = lists.map((list) => list.map(likenessOf));
  return others.some((other) => other.some((item, at) => item !== first[at]) && isSameSet(first, other));
}

/** What programs give where there is no number. */
const NO_NUMBER = -1;

function fitsLeaf({ fat, slim }: Values, { clock }: Comparison): boolean {
  const values = fat.map(({ value }) => value);
  if (values.includes(slim)) return true;
  if (typeof slim === 'boolean') return false;
  if (typeof slim === 'number' && values.some((value) => value !== values[0])) return slim !== NO_NUMBER;
  const times = { fat: fat.map(({ run }) => clock.fat[run]), slim: clock.slim };
  return patternOfRuns(values.map(String), times).fits(String(slim));
}

type Kind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null' | 'absent';

function kindOf(value: unknown): Kind {
  if (value === undefined) return 'absent';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value as Kind;
}

function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** A value as text, members in order of their names and what is always volatile made alike. */
function canonical(value: unknown): string {
  return maskVolatile(JSON.stringify(value, sortedMembers) ?? '', { proven: true });
}

/** A value in which numbers and IDs are alike. */
function likeness(value: unknown): string {
  return shapeOf(canonical(value));
}

function sortedMembers(_key: string, value: unknown): unknown {
  if (kindOf(value) !== 'object') return value;
  return Object.fromEntries(Object.entries(value as JsonObject).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** What members a value has and of what kinds, not what they are. */
function shapeOfValue(value: unknown): string {
  return JSON.stringify(value, (key, member: unknown) => {
    const kind = kindOf(member);
    return kind === 'object' || kind === 'array' ? sortedMembers(key, member) : kind;
  });
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  const sorted = [...b].sort();
  return a.length === b.length && [...a].sort().every((item, at) => item === sorted[at]);
}

function pathText(path: readonly (string | number)[]): string {
  const steps = path.map((step) => {
    if (typeof step === 'number') return `[${step}]`;
    return /^[\w-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  });
  return `$${steps.join('')}`;
}

/** Whether a place is one that a JSON path leads to. Undefined for what is no JSON path. */
function matcherOf(mask: string): ((path: readonly (string | number)[]) => boolean) | undefined {
  const steps = parseJsonPath(mask);
  return (
    steps &&
    ((path) => path.length === steps.length && steps.every((step, at) => typeof step === 'symbol' || step === path[at]))
  );
}

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [mark] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{]|[\]}]/gs)) {
    if (mark === '[' || mark === '{') deepest = Math.max(deepest, ++depth);
    else if (mark === ']' || mark === '}') depth--;
  }
  return deepest;
}
