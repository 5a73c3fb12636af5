/** One step of a JSON path: a key, an index, or everything at that level. */
type Step = string | number | typeof EVERY;

const EVERY = Symbol('every');
const STEP = /\.\*|\[\*\]|\.([\w-]+)|\[(-?\d+)\]|\['([^']*)'\]|\["([^"]*)"\]/y;

/**
 * The steps of a JSON path: `$` followed by `.name`, `['name']`, `[index]` (negative ones count from the end), `.*` or
 * `[*]`. Undefined for anything else. Source: RFC 9535, its child segments.
 */
export function parseJsonPath(text: string): readonly Step[] | undefined {
  if (!text.startsWith('$')) return undefined;
  const steps: Step[] = [];
  STEP.lastIndex = 1;
  while (STEP.lastIndex < text.length) {
    const found = STEP.exec(text);
    if (!found) return undefined;
    const [, name, index, single, double] = found;
    steps.push(name ?? single ?? double ?? (index === undefined ? EVERY : Number(index)));
  }
  return steps;
}

/** The values a JSON path leads to, in document order; none when there are none. */
export function valuesAt(document: unknown, path: string): unknown[] {
  let values: unknown[] = [document];
  for (const step of parseJsonPath(path) ?? []) values = values.flatMap((value) => childrenOf(value, step));
  return values;
}

function childrenOf(value: unknown, step: Step): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  if (step === EVERY) return Object.values(value);
  if (Array.isArray(value)) return typeof step === 'number' && value.at(step) !== undefined ? [value.at(step)] : [];
  const key = String(step);
  return Object.hasOwn(value, key) ? [value[key as keyof typeof value]] : [];
}
