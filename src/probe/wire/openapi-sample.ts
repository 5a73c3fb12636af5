import { createRequire } from 'node:module';
import { listOf, type Node, nodeOf } from './openapi-node.ts';

/** Longest text and list that a schema can ask for. */
const MAX_LENGTH = 1000;
const MAX_DEPTH = 6;
/** Schemas with more parts than this are not sampled. */
const MAX_PARTS = 20_000;
/** Values that take more characters than this are not sent. */
const MAX_VALUE_LENGTH = 100_000;

/** Gives a value that fits a schema without references; the same schema gives the same value. */
export type Sampler = (schema: unknown) => unknown;

/** Loads the sampler. */
export function loadSampler(): Sampler {
  const { sample }: typeof import('openapi-sampler') = createRequire(import.meta.url)('openapi-sampler');
  const options = { skipReadOnly: true, quiet: true, maxSampleDepth: MAX_DEPTH };
  return (schema) => {
    const node = nodeOf(schema);
    try {
      if (partsOf(node, MAX_DEPTH, MAX_PARTS) >= MAX_PARTS) return {};
      return sendable(sample(node, options, {})) ?? {};
    } catch {
      // A schema that makes no sense is as good as none.
      return {};
    }
  };
}

/** A value of a document, undefined when it has no end or is too long: the same example may be part of it many times. */
export function sendable(value: unknown): unknown {
  let left = MAX_VALUE_LENGTH;
  const pending = [value];
  while (pending.length > 0 && left >= 0) {
    const next = pending.pop();
    if (typeof next !== 'object' || next === null) {
      left -= String(next).length;
      continue;
    }
    const entries = Object.entries(next);
    left -= entries.length;
    if (left < 0) break;
    for (const [key, item] of entries) {
      left -= key.length;
      pending.push(item);
    }
  }
  return left < 0 ? undefined : value;
}

const SIZES = new Set(['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties']);

/** Lowers in place what a schema demands to what can be made. The document is a tree. */
export function clampSizes(value: unknown): void {
  if (Array.isArray(value)) for (const item of value) clampSizes(item);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  const node = value as Record<string, unknown>;
  for (const [key, item] of Object.entries(node)) {
    if (SIZES.has(key) && typeof item === 'number') node[key] = Math.min(item, MAX_LENGTH);
    else clampSizes(item);
  }
}

/** How many schemas sampling would visit, counted up to `most`. */
function partsOf(schema: Node, depth: number, most: number): number {
  if (depth < 0) return 1;
  const parts = [
    ...Object.values(nodeOf(schema.properties)),
    ...['items', 'additionalProperties', 'contains', 'if', 'then', 'else'].map((key) => schema[key]),
    ...['allOf', 'oneOf', 'anyOf', 'prefixItems'].flatMap((key) => listOf(schema[key])),
  ].filter((part) => typeof part === 'object' && part !== null);
  const factor = Math.max(1, Number(schema.minItems) || 1);
  let count = 1;
  for (const part of parts) {
    if (count >= most) return most;
    count += factor * partsOf(nodeOf(part), depth - 1, most - count);
  }
  return Math.min(count, most);
}
