import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { errnoOf, TraceSlimError } from '../errors.ts';
import type { Report } from './report.ts';

const imageSummary = z.object({
  source: z.string(),
  digest: z.string(),
  platform: z.string(),
  layers: z.number(),
  sizeBytes: z.number(),
  entries: z.number(),
});

const outcome = z.object({
  probe: z.string(),
  ok: z.boolean(),
  summary: z.string(),
  durationMs: z.number(),
  facts: z.array(
    z.object({
      name: z.string(),
      value: z.string(),
      compare: z.enum(['exact', 'text', 'shown']),
      masks: z.array(z.string()).exactOptional(),
    }),
  ),
});

const lookup = z.object({
  path: z.string(),
  syscall: z.string(),
  errno: z.string(),
  executable: z.string().nullable(),
  phase: z.string(),
});

const altered = z.object({ path: z.string(), what: z.string(), fat: z.string(), slim: z.string() });

const miss = lookup.extend({
  kind: z.enum(['failed', 'unlisted', 'overwritten']),
  lacks: z.array(z.string()),
  altered: z.array(altered),
  excludedBy: z.string().nullable(),
});

const reason = z.object({
  kind: z.enum(['traced', 'rule', 'user', 'healed']),
  text: z.string(),
  from: z.string().exactOptional(),
});

const ownerAndMode = z.object({ mode: z.number(), uid: z.number(), gid: z.number() });

const reportSchema: z.ZodType<Report> = z.object({
  schemaVersion: z.literal(1),
  tool: z.object({ name: z.literal('trace-slim'), version: z.string() }),
  status: z.enum(['verified', 'not-verified', 'differs']),
  fat: imageSummary,
  slim: imageSummary.nullable(),
  reduction: z.number().nullable(),
  outputs: z.array(z.object({ destination: z.string(), digest: z.string() })),
  tags: z.array(z.string()),
  engine: z.string(),
  tracer: z.string(),
  tracing: z.enum(['wrap', 'attach']),
  stages: z.array(z.object({ stage: z.string(), durationMs: z.number() })),
  trace: z.object({
    complete: z.boolean(),
    losses: z.array(z.string()),
    notes: z.array(z.string()),
    lines: z.number(),
    unparsedLines: z.number(),
    unparsedSamples: z.array(z.string()),
    accesses: z.number(),
  }),
  probes: z.array(
    z.object({
      probe: z.string(),
      fat: outcome,
      slim: outcome.nullable(),
      equal: z.boolean().nullable(),
      differences: z.array(z.object({ fact: z.string(), fat: z.string(), slim: z.string(), diff: z.string() })),
    }),
  ),
  rounds: z.array(
    z.object({
      round: z.number(),
      misses: z.array(miss),
      durationMs: z.number(),
      added: z.object({ paths: z.number(), sizeBytes: z.number() }),
    }),
  ),
  suspicion: z.object({ probe: z.string(), lookups: z.array(lookup) }).nullable(),
  altered: z.object({ total: z.number(), paths: z.array(altered) }),
  logErrors: z.array(z.string()),
  unstable: z.object({ total: z.number(), paths: z.array(z.string()) }),
  budgets: z.array(
    z.object({ budget: z.string(), actual: z.number(), isExceeded: z.boolean(), paths: z.array(z.string()) }),
  ),
  kept: z.array(z.object({ path: z.string(), type: z.string(), sizeBytes: z.number(), reasons: z.array(reason) })),
  removed: z.array(
    z.object({
      package: z.string().nullable(),
      version: z.string().nullable(),
      sizeBytes: z.number(),
      keptFiles: z.number(),
      paths: z.array(z.string()),
    }),
  ),
  excluded: z.array(z.object({ pattern: z.string(), paths: z.array(z.string()) })),
  permissions: z.array(z.object({ path: z.string(), fat: ownerAndMode, slim: ownerAndMode })),
  warnings: z.array(z.string()),
});

/**
 * Reads a report back.
 *
 * @throws CONFIG_INVALID when there is no such file or it is not a report of a version this program knows
 */
export async function readReport(path: string): Promise<Report> {
  let document: unknown;
  try {
    document = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new TraceSlimError('CONFIG_INVALID', `cannot read report ${path}: ${why(error)}`, {
      hint: 'run `trace-slim build` first, or name a report with --report FILE',
      cause: error,
    });
  }
  const parsed = reportSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new TraceSlimError('CONFIG_INVALID', `${path} is not a trace-slim report of schema version 1`, {
    hint: 'build again with this version of trace-slim',
    context: { at: issue?.path.join('.'), problem: issue?.message },
  });
}

function why(error: unknown): string {
  if (errnoOf(error) === 'ENOENT') return 'no such file';
  return error instanceof SyntaxError ? 'not JSON' : String(errnoOf(error) ?? error);
}
