import { align, isPermutation, type Stretch } from './align.ts';
import type { Reading } from './clock.ts';
import { classOf, maskVolatile, shapeOf, type TokenClass, tokensOf } from './mask.ts';
import { fits, onePlace, type Place } from './template.ts';

/**
 * What a text must look like, learnt from one or two runs of the fat image (byte strings). Lines that both runs show are
 * required as they are, except for times and the like. Where the runs differ, only what differs is free: other numbers
 * for numbers, other IDs for IDs, other words only where the runs had different words. Where one run has more lines than
 * the other, lines of the kinds seen there may come in any number. Runs that show the same lines in another order make
 * the order free.
 */
export interface TextPattern {
  readonly places: readonly Place[];
  fits(text: string): boolean;
}

/**
 * Learns a pattern. Without `second`, everything that looks volatile is free. `accepts` tells which times and durations
 * of another text may be; default: all.
 */
export function textPattern(
  first: string,
  second: string | undefined,
  accepts?: (reading: Reading) => boolean,
): TextPattern {
  const proven = second !== undefined;
  const mask = (text: string) => maskVolatile(text, { proven });
  const maskOther = (text: string) => maskVolatile(text, { proven, ...(accepts && { accepts }) });
  const a = linesOf(mask(first));
  const b = second === undefined ? a : linesOf(mask(second));
  const shown = linesOf(first);
  const isOrderFree = !isSame(a, b) && isPermutation(a, b);
  const places = isOrderFree ? a.map((line, at) => linePlace(line, shown[at])) : linePlaces(a, b, shown);
  return {
    places: places.map((place) => ({ ...place, matches: (line: string) => place.matches(maskOther(line)) })),
    fits(text) {
      if (text === first || text === second) return true;
      const lines = linesOf(maskOther(text));
      if (isOrderFree) return isPermutation(a, lines);
      return fits(places, lines) || (shuffledLines(a, b)?.(lines) ?? false);
    },
  };
}

/**
 * For lines that come in another order, each with something of its own: the lines of one kind are held against those of
 * that kind. Undefined when the two are not the same kinds in another order.
 */
function shuffledLines(
  a: readonly string[],
  b: readonly string[],
): ((lines: readonly string[]) => boolean) | undefined {
  const [kindsA, kindsB] = [a.map(shapeOf), b.map(shapeOf)];
  if (isSame(kindsA, kindsB) || !isPermutation(kindsA, kindsB)) return undefined;
  const placesOf = new Map<string, Place[]>();
  for (const [at, kind] of kindsA.entries()) {
    const place = pairPlace(a[at] ?? '', b[kindsB.indexOf(kind)] ?? '');
    if (place) placesOf.set(kind, [...(placesOf.get(kind) ?? []), place]);
  }
  return (lines) => {
    const kinds = lines.map(shapeOf);
    if (!isPermutation(kindsA, kinds)) return false;
    return lines.every((line, at) => {
      const places = placesOf.get(kinds[at] ?? '') ?? [];
      return places.length !== 1 || places[0]?.matches(line);
    });
  };
}

/** Lines without their line feeds; a text that ends with one has an empty last line. */
export function linesOf(text: string): string[] {
  return text.split('\n');
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((part, at) => part === b[at]);
}

function linePlace(line: string, shown: string | undefined): Place {
  return onePlace(shown ?? line, (other) => other === line);
}

function linePlaces(a: readonly string[], b: readonly string[], shown: readonly string[]): Place[] {
  let at = 0;
  return withRepeated(align(a, b)).flatMap((stretch) => {
    const here = shown.slice(at, at + stretch.a.length);
    at += stretch.a.length;
    return stretch.equal ? stretch.a.map((line, index) => linePlace(line, here[index])) : differingLines(stretch, here);
  });
}

/** Where lines of some kinds come a varying number of times, those of these kinds next to them belong to them. */
function withRepeated(stretches: readonly Stretch[]): Stretch[] {
  const result: Stretch[] = [];
  const rest = [...stretches];
  for (let next = rest.shift(); next; next = rest.shift()) {
    const before = result.at(-1);
    const after = rest[0];
    if (next.equal || next.a.length === next.b.length) {
      result.push(next);
      continue;
    }
    const kinds = new Set([...next.a, ...next.b].map(shapeOf));
    const isOther = (line: string) => !kinds.has(shapeOf(line)) || (kinds.size > 1 && shapeOf(line) === line);
    const head = before?.equal ? before.a.slice(before.a.findLastIndex(isOther) + 1) : [];
    const end = after?.equal ? after.a.findIndex(isOther) : 0;
    const tail = after?.equal ? after.a.slice(0, end < 0 ? after.a.length : end) : [];
    if (before?.equal) result.splice(-1, 1, cutStretch(before, 0, before.a.length - head.length));
    if (after?.equal) rest.splice(0, 1, cutStretch(after, tail.length, after.a.length));
    result.push({ equal: false, a: [...head, ...next.a, ...tail], b: [...head, ...next.b, ...tail] });
  }
  return result;
}

function cutStretch({ equal, a, b }: Stretch, from: number, to: number): Stretch {
  return { equal, a: a.slice(from, to), b: b.slice(from, to) };
}

function differingLines({ a, b }: Stretch, shown: readonly string[]): Place[] {
  const pairs = pairPlaces(a, b, shown);
  if (pairs) return pairs;
  if (new Set([...a, ...b].map(shapeOf)).size === 1) return [blockPlace(a, b, shown)];
  let at = 0;
  return align(a, b, shapeOf).flatMap((stretch) => {
    const here = shown.slice(at, at + stretch.a.length);
    at += stretch.a.length;
    return pairPlaces(stretch.a, stretch.b, here) ?? [blockPlace(stretch.a, stretch.b, here)];
  });
}

/** Line by line, when both runs have equally many and each looks like its counterpart. */
function pairPlaces(a: readonly string[], b: readonly string[], shown: readonly string[]): Place[] | undefined {
  if (a.length !== b.length) return undefined;
  const places: Place[] = [];
  for (const [at, line] of a.entries()) {
    const place = pairPlace(line, b[at] ?? '', shown[at]);
    if (!place) return undefined;
    places.push(place);
  }
  return places;
}

/** Any number of lines, about as many as were seen, each of a shape that was seen there. */
function blockPlace(a: readonly string[], b: readonly string[], shown: readonly string[]): Place {
  const shapes = new Set([...a, ...b].map(shapeOf));
  return {
    shown: shown.join('\n'),
    atLeast: a.length > 0 && b.length > 0 ? 1 : 0,
    atMost: 2 * Math.max(a.length, b.length) + 4,
    matches: (line) => shapes.has(shapeOf(line)),
  };
}

/** The same line in two runs. Undefined when the two have too little in common to be that. */
function pairPlace(a: string, b: string, shown = a): Place | undefined {
  const tokensA = tokensOf(a);
  const tokensB = tokensOf(b);
  if (isPermutation(tokensA, tokensB)) return onePlace(shown, (line) => isPermutation(tokensA, tokensOf(line)));
  const stretches = joinIds(align(tokensA, tokensB, unpadded));
  if (!isOneLine(stretches)) return undefined;
  const places = stretches.flatMap((stretch) =>
    stretch.equal
      ? stretch.a.map((token) => onePlace(token, (other) => unpadded(other) === unpadded(token)))
      : [gapPlace(stretch)],
  );
  return onePlace(shown, (line) => fits(places, tokensOf(line)));
}

/** Columns are as wide as the numbers in them, so the number of blanks in a line that varies means nothing. */
function unpadded(token: string): string {
  return classOf(token) === 'space' ? ' ' : token;
}

/** Random IDs have characters in common by chance: a bit of a kind that IDs contain, between two gaps, belongs to them. */
function joinIds(stretches: readonly Stretch[]): Stretch[] {
  const joined: Stretch[] = [];
  for (const [at, stretch] of stretches.entries()) {
    const last = joined.at(-1);
    const isChance =
      stretch.equal && at > 0 && at < stretches.length - 1 && /^[\w+/=.-]{1,2}$/.test(stretch.a.join(''));
    const equal = stretch.equal && !isChance;
    if (last && !last.equal && !equal)
      joined.splice(-1, 1, { equal, a: [...last.a, ...stretch.a], b: [...last.b, ...stretch.b] });
    else joined.push({ ...stretch, equal });
  }
  return joined;
}

/** Lines that differ in words must have as much in common as not; numbers and IDs may be all there is. */
function isOneLine(stretches: readonly Stretch[]): boolean {
  const gaps = stretches.filter((stretch) => !stretch.equal && !isId(stretch)).flatMap(({ a, b }) => [...a, ...b]);
  if (!gaps.some((token) => classOf(token) === 'word')) return true;
  const common = stretches.filter(({ equal }) => equal).flatMap(({ a }) => a);
  return 2 * common.join('').trim().length >= gaps.join('').length;
}

/** What programs print where an ID is missing. */
const NO_ID =
  /^(?:none|null|nil|nan|undefined|unknown|missing|errors?|fail(?:ed|ure)?|false|true|default|empty|anonymous|invalid)$/i;

/** What random IDs are written with besides letters and digits: base64, base64url, JWT, percent-encoding. */
const ID_MARKS = new Set('+/=-._~%');

function gapPlace({ a, b }: Stretch): Place {
  const seen = [...a, ...b];
  const marks = new Set(seen);
  const classes = new Set<TokenClass>(seen.map(classOf));
  // Asked once: a gap may be as long as the text.
  const standsForIds = isId({ a, b });
  const isEncoded = standsForIds && seen.some((token) => ID_MARKS.has(token) || isRandomWord(token));
  // Letters that are part of an ID are no words: no other word may stand for them.
  const isOneId = standsForIds && !classes.has('space');
  const lengths = new Set(seen.map((token) => token.length));
  const standsForId = (token: string, kind: TokenClass) => {
    if (kind === 'mark') return isEncoded && ID_MARKS.has(token);
    if (kind === 'word') return isPartOfId(token) || (isEncoded && (token.length <= 3 || isRandomWord(token)));
    return kind !== 'space';
  };
  const longest = Math.max(0, ...lengths);
  const isPartOfId = (token: string) =>
    !NO_ID.test(token) && (lengths.has(token.length) || (longest >= 2 * token.length && token.length <= 6));
  // Hexadecimal IDs of one length are no longer IDs when they are much shorter.
  const isHex = lengths.size === 1 && seen.length === 2 && seen.every((token) => /^[\da-f-]+$/i.test(token));
  const shortest = isHex ? longest / 2 : 0;
  const most = Math.max(a.length, b.length);
  return {
    shown: a.join(''),
    atLeast: a.length > 0 && b.length > 0 ? 1 : 0,
    atMost: isEncoded ? Math.max(a.join('').length, b.join('').length) : 2 * most + 4,
    matches: (token) => {
      if (token.length < shortest) return false;
      const kind = classOf(token);
      const isSeen = kind === 'mark' ? marks.has(token) : classes.has(kind) && !(isOneId && kind === 'word');
      return isSeen || (standsForIds && standsForId(token, kind));
    },
  };
}

function isId({ a, b }: Pick<Stretch, 'a' | 'b'>): boolean {
  return [...a, ...b].some((token) => classOf(token) === 'id' || isRandomWord(token));
}

/** Letters as encodings of random bytes have them: capitals in the middle. */
function isRandomWord(token: string): boolean {
  return /[a-z\d][A-Z]|[A-Z]{2}[a-z]/.test(token);
}
