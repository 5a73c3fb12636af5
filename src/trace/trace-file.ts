import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TraceSlimError } from '../errors.ts';
import { writeFailed } from '../image/atomic-file.ts';
import type { Outcome } from '../probe/types.ts';
import type { Access, Completeness, Trace } from './trace.ts';
import { formatHeader, formatRecord, type Header, parseHeader, parseRecord, TRACE_FORMAT } from './trace-records.ts';

/** A trace with where it comes from: what `trace-slim trace -o FILE` writes. */
export interface TraceFile extends Header {
  readonly trace: Trace;
  /** What the probes found. */
  readonly outcomes: readonly Outcome[];
}

/**
 * Writes a trace as JSON Lines: a header, one line per access, one per outcome, and last the completeness, so that a file
 * that was cut off is noticed. The file appears whole or not at all. Errors: DISK_FULL, PERMISSION_DENIED, USAGE_INVALID (no such folder).
 */
export async function writeTraceFile(path: string, file: TraceFile): Promise<void> {
  const partial = `${path}.${process.pid}.partial`;
  try {
    await pipeline(Readable.from(blocksOf(file)), createWriteStream(partial));
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw writeFailed(path, error);
  }
}

/** Errors: CONFIG_INVALID naming the line, for a file that is not what `writeTraceFile` writes. */
export async function readTraceFile(path: string): Promise<TraceFile> {
  let header: Header | undefined;
  let completeness: Completeness | undefined;
  const accesses: Access[] = [];
  const outcomes: Outcome[] = [];
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    const where = `line ${++number} of ${path}`;
    if (!header) {
      header = parseHeader(line, where);
      continue;
    }
    if (completeness) throw cutOrLong(where, 'follows after the last record');
    const entry = parseRecord(line, where);
    if (entry.record === 'access') accesses.push(entry.access);
    else if (entry.record === 'outcome') outcomes.push(entry.outcome);
    else completeness = entry.completeness;
  }
  if (!header || !completeness) throw cutOrLong(`line ${number + 1} of ${path}`, 'is missing: the file is cut off');
  return { ...header, trace: { accesses, completeness }, outcomes };
}

/** Whether a file begins as a trace file does. False for what cannot be read as a file. */
export async function isTraceFile(path: string): Promise<boolean> {
  const start = Buffer.from(`{"format":"${TRACE_FORMAT.format}"`);
  const found = Buffer.alloc(start.length);
  try {
    await using file = await open(path, 'r');
    if (!(await file.stat()).isFile()) return false;
    await file.read(found, 0, found.length, 0);
  } catch {
    return false;
  }
  return found.equals(start);
}

const LINES_PER_BLOCK = 500;

/** A few hundred lines at a time: one write per line would take most of the time. */
function* blocksOf(file: TraceFile): Generator<string> {
  let block: string[] = [];
  for (const line of linesOf(file)) {
    block.push(line);
    if (block.length < LINES_PER_BLOCK) continue;
    yield `${block.join('\n')}\n`;
    block = [];
  }
  if (block.length > 0) yield `${block.join('\n')}\n`;
}

function* linesOf(file: TraceFile): Generator<string> {
  yield formatHeader(file);
  for (const access of file.trace.accesses) yield formatRecord({ record: 'access', access });
  for (const outcome of file.outcomes) yield formatRecord({ record: 'outcome', outcome });
  yield formatRecord({ record: 'completeness', completeness: file.trace.completeness });
}

function cutOrLong(where: string, what: string): TraceSlimError {
  return new TraceSlimError('CONFIG_INVALID', `${where} ${what}`, {
    hint: 'Give a file that `trace-slim trace -o FILE` has written, whole and unchanged.',
  });
}
