import { type Document, isCollection, isMap, isNode, type LineCounter, type ParsedNode } from 'yaml';

type Path = readonly PropertyKey[];

/** A YAML text that knows where its parts stand. */
export interface Located {
  readonly file: string;
  readonly document: Document.Parsed<ParsedNode>;
  readonly lines: LineCounter;
}

/** `FILE:LINE:COLUMN` of an offset in the text. */
export function placeOfOffset({ file, lines }: Located, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${file}:${line}:${col}`;
}

/** `FILE:LINE:COLUMN` of a value, or of the nearest thing around it; with `key`, of that key of it. */
export function placeOfPath(located: Located, path: Path, key?: string): string {
  const { document } = located;
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (!isNode(node)) continue;
    const pair =
      length === path.length && isMap(node) ? node.items.find((item) => String(item.key) === key) : undefined;
    const start = (isNode(pair?.key) ? pair.key : node).range?.[0];
    if (start !== undefined) return placeOfOffset(located, start);
  }
  return placeOfOffset(located, 0);
}

/** How often a document may refer to its own parts. */
const MAX_ALIASES = 100;

/** The document as plain data. Throws when it refers to itself too often. */
export function dataOf({ document }: Located): unknown {
  return isCollection(document.contents) ? document.toJS({ maxAliasCount: MAX_ALIASES }) : undefined;
}
