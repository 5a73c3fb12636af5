/** What a Python source names: modules that it imports, wherever in it, and texts that look like names of modules. */
export interface PythonSource {
  readonly imports: readonly PythonImport[];
  /** What stands in quotes like `package.module.Class`, for whatever looks modules up by name. */
  readonly dotted: readonly string[];
}

export interface PythonImport {
  /** Leading dots: 0 is absolute, 1 is the own package. */
  readonly level: number;
  /** Empty for `from . import name`. */
  readonly module: string;
  /** What is taken from it: modules in it, or anything else. */
  readonly names: readonly string[];
  /** Done by a function, and not when the module is loaded. */
  readonly isLazy: boolean;
}

/** Imports for type checkers alone are never done. */
const FOR_TYPE_CHECKERS = /^([ \t]*)if (?:typing\.)?TYPE_CHECKING:[^\n]*\n(?:\1[ \t]+[^\n]*\n|[ \t]*\n)*/gm;
/** Imports, beginnings of functions, and whatever else begins a line and so ends a function. */
const STATEMENT =
  /^([ \t]*)(?:from[ \t]+(\.*)[ \t]*([\w.]*)[ \t]+import[ \t]*(\([^)]{0,8000}\)|(?:[^\n#\\]|\\\n)*)|import[ \t]+([\w., \t]+)|((?:async[ \t]+)?def)[ \t])|^[A-Za-z]\w*/gm;
const DOTTED = /(["'])([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)\1/g;

/**
 * Reads line by line, not as a parser does: an example in a text may be taken for an import. `text` is a byte string.
 * No text takes long: what stands between brackets is bounded.
 * Source: The Python Language Reference, "The import statement".
 */
export function readPythonSource(text: string): PythonSource {
  const lines = text.replaceAll('\r\n', '\n');
  const code = lines.includes('TYPE_CHECKING') ? lines.replace(FOR_TYPE_CHECKERS, '') : lines;
  const imports: PythonImport[] = [];
  /** How far the function is indented that the lines belong to. */
  let functionIndent = Number.POSITIVE_INFINITY;
  for (const [, indent = '', dots = '', module = '', names, modules, def] of code.matchAll(STATEMENT)) {
    if (indent.length <= functionIndent) functionIndent = def ? indent.length : Number.POSITIVE_INFINITY;
    const isLazy = indent.length > functionIndent;
    if (names !== undefined) imports.push({ level: dots.length, module, names: wordsOf(names), isLazy });
    for (const name of wordsOf(modules ?? '')) imports.push({ level: 0, module: name, names: [], isLazy });
  }
  return { imports, dotted: [...new Set([...code.matchAll(DOTTED)].map(([, , name = '']) => name))] };
}

/** The first word of each part between commas: `a as b` is `a`. */
function wordsOf(list: string): string[] {
  return list
    .replace(/#[^\n]*/g, '')
    .split(',')
    .flatMap((part) => /[\w.]+/.exec(part)?.[0] ?? []);
}
