import { align, isPermutation, type Stretch } from './align.ts';
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

/** Learns a pattern. Without `second`, everything that looks volatile is free. */
export function textPattern(first: string, second: string | undefined): TextPattern {
  const proven = second !== undefined;
  const mask = (text: string) => maskVolatile(text, { proven });
  const a = linesOf(mask(first));
  const b = second === undefined ? a : linesOf(mask(second));
  const shown = linesOf(first);
  const isOrderFree = !isSame(a, b) && isPermutation(a, b);
  const places = isOrderFree ? a.map((line, at) => linePlace(line, shown[at])) : linePlaces(a, b, shown);
  return {
    places: places.map((place) => ({ ...place, matches: (line: string) => place.matches(mask(line)) })),
    fits(text) {
      if (text === first || text === second) return true;
      const lines = linesOf(mask(text));
      return isOrderFree ? isPermutation(a, lines) : fits(places, lines);
    },
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
  return align(a, b).flatMap((stretch) => {
    const here = shown.slice(at, at + stretch.a.length);
    at += stretch.a.length;
    return stretch.equal ? stretch.a.map((line, index) => linePlace(line, here[index])) : differingLines(stretch, here);
  });
}

function differingLines({ a, b }: Stretch, shown: readonly string[]): Place[] {
  const pairs = pairPlaces(a, b, shown);
  if (pairs) return pairs;
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

/** What random IDs are written with besides letters and digits: base64, base64url, JWT, percent-encoding. */
const ID_MARKS = new Set('+/=-._~%');

function gapPlace({ a, b }: Stretch): Place {
  const seen = [...a, ...b];
  const marks = new Set(seen);
  const classes = new Set<TokenClass>(seen.map(classOf));
  const isEncoded = isId({ a, b }) && seen.some((token) => ID_MARKS.has(token) || isRandomWord(token));
  // Letters that are part of an ID are no words: no other word may stand for them.
  const isOneId = isId({ a, b }) && !classes.has('space');
  const lengths = new Set(seen.map((token) => token.length));
  const standsForId = (token: string, kind: TokenClass) => {
    if (kind === 'mark') return isEncoded && ID_MARKS.has(token);
    if (kind === 'word') return isEncoded ? token.length <= 3 || isRandomWord(token) : lengths.has(token.length);
    return kind !== 'space';
  };
  const most = Math.max(a.length, b.length);
  return {
    shown: a.join(''),
    atLeast: a.length > 0 && b.length > 0 ? 1 : 0,
    atMost: isEncoded ? Math.max(a.join('').length, b.join('').length) : 2 * most + 4,
    matches: (token) => {
      const kind = classOf(token);
      const isSeen = kind === 'mark' ? marks.has(token) : classes.has(kind) && !(isOneId && kind === 'word');
      return isSeen || (isId({ a, b }) && standsForId(token, kind));
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
