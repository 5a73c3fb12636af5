import { z } from 'zod';
import type { HttpCommand } from '../../settings.ts';
import { type CrawlProbe, type CrawlRunOptions, crawlProbe } from '../crawl.ts';
import { prepareExchange } from '../exchange.ts';
import { resourceName } from '../listener.ts';
import type { RunProbeOptions } from '../types.ts';
import { judged } from './expect.ts';
import { headers, listener, oneListener } from './fields.ts';
import type { KindRun, ProbeKind } from './kind.ts';
import { inSession } from './session.ts';

const CRAWL_TIMEOUT_MS = 3_600_000;
const PATH = { error: 'must start with /' };

const full = z.strictObject({
  path: z.string().startsWith('/', PATH).default('/').meta({ description: 'The first page.' }),
  ...listener,
  protocol: z.enum(['http', 'https']).optional(),
  headers: headers.optional(),
  basic: z.strictObject({ username: z.string(), password: z.string().default('') }).optional(),
  depth: z
    .int()
    .min(0)
    .max(100)
    .optional()
    .meta({ description: 'Number of links between the first and the last page.' }),
  pages: z.int().min(1).max(100_000).optional().meta({ description: 'Number of pages, the first one included.' }),
});

type CrawlSpec = z.infer<typeof full>;

const schema: z.ZodType<CrawlSpec> = z
  .union([
    z
      .string()
      .startsWith('/', PATH)
      .transform((path) => full.parse({ path })),
    full.superRefine(oneListener),
  ])
  .meta({ description: 'Visits a page and all that can be reached from it on the same server.' });

/**
 * All pages that can be reached from one; see crawlProbe. What is expected is expected of each page that was linked to, and
 * of none that was guessed.
 */
export const crawlKind: ProbeKind<CrawlSpec> = {
  name: 'crawl',
  schema,
  expects: ['status', 'headers', 'body'],
  judges: true,
  make(spec, { listenerOf, settings, origins, claimed }) {
    const at = listenerOf(spec);
    const command = commandOf(spec);
    const { crawlMaxDepth, crawlMaxPages, crawlMaxTimeMs: maxTimeMs } = settings.http;
    const limits = { maxDepth: spec.depth ?? crawlMaxDepth, maxPages: spec.pages ?? crawlMaxPages, maxTimeMs, claimed };
    let probe: CrawlProbe | undefined;
    const title = resourceName(at, spec.path);
    return {
      title,
      listeners: [at],
      timeoutMs: CRAWL_TIMEOUT_MS,
      prepare: prepareExchange,
      async run(container, run) {
        const { id, signal, enter } = run;
        probe ??= crawlProbe({ id, listener: at, command, timeoutMs: settings.http.timeoutMs, origins, ...limits });
        return probe.run(container, { signal, ...(enter && { enter }), ...visitorOf(run) });
      },
    };
  },
};

function commandOf({ path, protocol }: CrawlSpec): HttpCommand {
  return { method: 'GET', resource: path, headers: [], crawl: true, ...(protocol && { protocol }) };
}

/** Who visits the pages, and with what: a session and what it has captured are others in every run. */
function visitorOf({ spec, session, expect }: KindRun<CrawlSpec>): Omit<CrawlRunOptions, keyof RunProbeOptions> {
  const { headers = {}, basic } = spec;
  return {
    dress: (command) => ({ ...inSession(command, headers, session), ...basic }),
    note(command, reply) {
      if (reply.kind === 'answer') session.cookies.store([reply.headers['set-cookie'] ?? []].flat(), command.resource);
    },
    ...(expect && { judge: (outcome) => judged(outcome, expect, 'status') }),
  };
}
