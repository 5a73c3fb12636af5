import { parseJsonPath } from '../probe/json-path.ts';
import { maskVolatile } from './mask.ts';
import { textPattern } from './text.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** Nested deeper, a document is compared as text. */
const MAX_DEPTH = 100;
const MAX_DIFFERENCES = 10;

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
 * Compares a document with what one or two runs of the fat image gave. Members are compared by path: what differs between
 * the two runs may be another string that looks alike, any other number, another order, another number of items. Members
 * that one of the runs lacks may be missing. `masks` are JSON paths whose values are not compared. At most ten.
 */
export function compareDocuments(
  a: unknown,
  b: unknown,
  slim: unknown,
  { proven, masks }: { proven: boolean; masks: readonly string[] },
): JsonDifference[] {
  const comparison: Comparison = { proven, masks: masks.flatMap((mask) => matcherOf(mask) ?? []), found: [] };
  compareValues({ path: [], a, b, slim }, comparison);
  return comparison.found.slice(0, MAX_DIFFERENCES);
}

interface Comparison {
  readonly proven: boolean;
  readonly masks: readonly ((path: readonly (string | number)[]) => boolean)[];
  readonly found: JsonDifference[];
}

/** One place in the documents. */
interface Values {
  readonly path: readonly (string | number)[];
  readonly a: unknown;
  readonly b: unknown;
  readonly slim: unknown;
}

function compareValues(values: Values, comparison: Comparison): void {
  const { path, a, b, slim } = values;
  if (comparison.masks.some((matches) => matches(path)) || comparison.found.length >= MAX_DIFFERENCES) return;
  const kind = kindOf(slim);
  const [fatA, fatB] = kindOf(a) === kind ? [a, kindOf(b) === kind ? b : a] : [b, b];
  const alike = { path, a: fatA, b: fatB, slim };
  if (kindOf(fatA) !== kind) report(values, comparison);
  else if (kind === 'object') compareObjects(alike, comparison);
  else if (kind === 'array') compareArrays(alike, comparison);
  else if (!fitsLeaf(alike, comparison)) report(values, comparison);
}

function report({ path, a, slim }: Values, { found }: Comparison): void {
  found.push({ path: pathText(path), fat: JSON.stringify(a), slim: JSON.stringify(slim) });
}

function compareObjects(values: Values, comparison: Comparison): void {
  const [a, b, slim] = [values.a as JsonObject, values.b as JsonObject, values.slim as JsonObject];
  const onlyA = Object.keys(a).filter((key) => !Object.hasOwn(b, key));
  const onlyB = Object.keys(b).filter((key) => !Object.hasOwn(a, key));
  const at = (key: string): Values => ({
    path: [...values.path, key],
    ...{ a: own(a, key), b: own(b, key), slim: own(slim, key) },
  });
  for (const key of Object.keys(a)) if (Object.hasOwn(b, key)) compareValues(at(key), comparison);
  for (const key of [...onlyA, ...onlyB]) {
    const value = own(a, key) ?? own(b, key);
    if (Object.hasOwn(slim, key)) compareValues({ ...at(key), a: value, b: value }, comparison);
  }
  // Where each run has keys of its own, they are names of things, and others may take their place.
  const shapes = new Set(onlyA.length * onlyB.length === 0 ? [] : [...onlyA, ...onlyB].map((key) => shape(at(key))));
  const others = Object.keys(slim).filter((key) => !Object.hasOwn(a, key) && !Object.hasOwn(b, key));
  for (const key of others) if (!shapes.has(shape(at(key)))) compareValues(at(key), comparison);
}

function shape({ a, b, slim }: Values): string {
  return shapeOfValue(a ?? b ?? slim);
}

function compareArrays(values: Values, comparison: Comparison): void {
  const [a, b, slim] = [values.a, values.b, values.slim] as [unknown[], unknown[], unknown[]];
  if (isReordered(a, b)) {
    if (!isSameSet(a.map(canonical), slim.map(canonical))) report(values, comparison);
  } else if (a.length === b.length) {
    const length = Math.max(a.length, slim.length);
    for (let at = 0; at < length; at++) {
      compareValues({ path: [...values.path, at], a: a[at], b: b[at], slim: slim[at] }, comparison);
    }
  } else {
    const shapes = new Set([...a, ...b].map(shapeOfValue));
    const isEmptyFine = a.length * b.length === 0 || slim.length > 0;
    const isAlike = isEmptyFine && slim.every((item) => shapes.has(shapeOfValue(item)));
    if (!isAlike || slim.length > 2 * Math.max(a.length, b.length) + 4) report(values, comparison);
  }
}

/** The same items in another order. */
function isReordered(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length || JSON.stringify(a) === JSON.stringify(b)) return false;
  const [sameA, sameB] = [a.map(canonical), b.map(canonical)];
  return sameA.some((item, at) => item !== sameB[at]) && isSameSet(sameA, sameB);
}

function fitsLeaf({ a, b, slim }: Values, { proven }: Comparison): boolean {
  if (slim === a || slim === b) return true;
  if (typeof slim === 'number' && a !== b) return true;
  if (typeof slim === 'boolean') return false;
  return textPattern(String(a), proven ? String(b) : undefined).fits(String(slim));
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
