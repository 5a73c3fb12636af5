import { AccessTable } from './access-table.ts';
import type { Trace } from './trace.ts';

/** Several traces as one: repetitions are counted together, what one of them lost is lost. */
export function mergeTraces(traces: readonly Trace[]): Trace {
  const table = new AccessTable();
  for (const access of traces.flatMap((trace) => trace.accesses)) table.add(access);
  const parts = traces.map((trace) => trace.completeness);
  const losses = [...new Set(parts.flatMap((part) => part.losses))];
  if (table.dropped > 0)
    losses.push(`${table.dropped} accesses were left out, because there are too many different ones`);
  const sum = (key: 'lines' | 'unparsedLines') => parts.reduce((total, part) => total + part[key], 0);
  return {
    accesses: table.accesses,
    completeness: {
      complete: losses.length === 0 && parts.every((part) => part.complete),
      losses,
      notes: [...new Set(parts.flatMap((part) => part.notes))],
      lines: sum('lines'),
      unparsedLines: sum('unparsedLines'),
      unparsedSamples: parts.flatMap((part) => part.unparsedSamples).slice(0, MAX_SAMPLES),
    },
  };
}

const MAX_SAMPLES = 10;
