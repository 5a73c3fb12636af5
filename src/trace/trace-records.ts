import { z } from 'zod';
import { TraceSlimError } from '../errors.ts';
import type { Outcome } from '../probe/types.ts';
import { displayPath, parseDisplayPath } from '../rootfs/path.ts';
import type { Access, Completeness } from './trace.ts';

/** What the first line of a trace file says of itself. */
export const TRACE_FORMAT = { format: 'trace-slim-trace', version: 1 } as const;

const OPERATIONS = [
  'open',
  'write',
  'create',
  'execute',
  'stat',
  'access',
  'readlink',
  'list',
  'directory',
  'xattr',
  'change',
  'link',
  'remove',
  'socket',
] as const;

const header = z.object({
  format: z.literal(TRACE_FORMAT.format),
  version: z.literal(TRACE_FORMAT.version, { error: 'this version of the format is not known' }),
  source: z.string(),
  digest: z.string(),
  tracer: z.string(),
});

const path = z.string().startsWith('/');
const count = z.int().nonnegative();

const access = z.object({
  record: z.literal('access'),
  operation: z.enum(OPERATIONS),
  asked: path,
  verbatim: path.optional(),
  resolved: path.optional(),
  errno: z.string().optional(),
  noFollow: z.boolean().optional(),
  syscall: z.string(),
  pid: count,
  executable: path.optional(),
  phase: z.string(),
  count: count,
});

const outcome = z.object({
  record: z.literal('outcome'),
  probe: z.string(),
  ok: z.boolean(),
  summary: z.string(),
  durationMs: z.number(),
  facts: z.array(z.object({ name: z.string(), value: z.string(), compare: z.enum(['exact', 'text', 'shown']) })),
});

const completeness = z.object({
  record: z.literal('completeness'),
  complete: z.boolean(),
  losses: z.array(z.string()),
  notes: z.array(z.string()),
  lines: count,
  unparsedLines: count,
  unparsedSamples: z.array(z.string()),
});

const record = z.discriminatedUnion('record', [access, outcome, completeness]);

export type Header = Omit<z.infer<typeof header>, 'format' | 'version'>;

/** A line of a trace file after the first. */
export type TraceRecord =
  | { readonly record: 'access'; readonly access: Access }
  | { readonly record: 'outcome'; readonly outcome: Outcome }
  | { readonly record: 'completeness'; readonly completeness: Completeness };

export function formatHeader({ source, digest, tracer }: Header): string {
  return JSON.stringify({ ...TRACE_FORMAT, source, digest, tracer });
}

/** Paths are written in display form, so that the file can be read by people and by any JSON reader. */
export function formatRecord(entry: TraceRecord): string {
  if (entry.record === 'outcome') return JSON.stringify({ record: 'outcome', ...entry.outcome });
  if (entry.record === 'completeness') return JSON.stringify({ record: 'completeness', ...entry.completeness });
  const { operation, asked, verbatim, resolved, errno, noFollow, syscall, pid, executable, phase, count } =
    entry.access;
  return JSON.stringify({
    record: 'access',
    operation,
    asked: displayPath(asked),
    verbatim: shown(verbatim),
    resolved: shown(resolved),
    errno,
    noFollow,
    syscall,
    pid,
    executable: shown(executable),
    phase,
    count,
  });
}

/** Errors: CONFIG_INVALID. `where` names the file and the line. */
export function parseHeader(line: string, where: string): Header {
  const { source, digest, tracer } = parseWith(header, line, where);
  return { source, digest, tracer };
}

/** Errors: CONFIG_INVALID. `where` names the file and the line. */
export function parseRecord(line: string, where: string): TraceRecord {
  const parsed = parseWith(record, line, where);
  if (parsed.record === 'outcome') {
    const { record: _, ...rest } = parsed;
    return { record: 'outcome', outcome: rest };
  }
  if (parsed.record === 'completeness') {
    const { record: _, ...rest } = parsed;
    return { record: 'completeness', completeness: rest };
  }
  return { record: 'access', access: accessFrom(parsed) };
}

function shown(bytes: string | undefined): string | undefined {
  return bytes === undefined ? undefined : displayPath(bytes);
}

function accessFrom(parsed: z.infer<typeof access>): Access {
  const { operation, asked, verbatim, resolved, errno, noFollow, syscall, pid, executable, phase } = parsed;
  return {
    operation,
    asked: parseDisplayPath(asked),
    ...(verbatim === undefined ? {} : { verbatim: parseVerbatim(verbatim) }),
    ...(resolved === undefined ? {} : { resolved: parseDisplayPath(resolved) }),
    ...(errno === undefined ? {} : { errno }),
    ...(noFollow === undefined ? {} : { noFollow }),
    syscall,
    pid,
    ...(executable === undefined ? {} : { executable: parseDisplayPath(executable) }),
    phase,
    count: parsed.count,
  };
}

/** As parseDisplayPath, but `..` stays. */
function parseVerbatim(path: string): string {
  const part = (name: string) => (/^\.{0,2}$/.test(name) ? name : parseDisplayPath(`/${name}`).slice(1));
  return path.split('/').map(part).join('/');
}

function parseWith<T>(schema: z.ZodType<T>, line: string, where: string): T {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw invalid(where, 'it is not JSON', cause);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(where, `${issue?.path.join('.') || 'record'}: ${issue?.message ?? 'invalid'}`, result.error);
}

function invalid(where: string, what: string, cause: unknown): TraceSlimError {
  return new TraceSlimError('CONFIG_INVALID', `${where} is no line of a trace file: ${what}`, {
    hint: 'Give a file that `trace-slim trace -o FILE` has written, whole and unchanged.',
    cause,
  });
}
