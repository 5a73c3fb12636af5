import type { Container } from '../engine/types.ts';
import type { HttpCommand } from '../settings.ts';
import { type HttpReply, prepareExchange } from './exchange.ts';
import { type HttpProbeOptions, hostOf, request } from './http.ts';
import { failedOutcome } from './outcome.ts';
import type { Outcome, Probe } from './types.ts';

/** Pages and style sheets are searched for links up to this length. */
const MAX_SEARCHED_BYTES = 2 * 1024 * 1024;
const MAX_TARGET_LENGTH = 2_000;
/** So many pages in a row without an answer mean that the rest will have none either. */
const MAX_FAILURES_IN_A_ROW = 3;

export interface CrawlProbeOptions extends HttpProbeOptions {
  /** Number of links between the first page and the last. */
  readonly maxDepth: number;
  /** The first page included. */
  readonly maxPages: number;
  /** Ids of outcomes that are taken; those of the pages found are added, so that no page is asked for twice. */
  readonly claimed: Set<string>;
}

interface Page {
  readonly id: string;
  readonly command: HttpCommand;
  readonly depth: number;
}

/**
 * An HTTP request and GET requests for everything on the same origin that can be reached from its answer, breadth first,
 * in the order of the targets. One outcome per page. The first run that gets to its end finds the pages; every later one,
 * also on another image, asks for exactly these in the same order, and runs that begin meanwhile wait for it. Found pages
 * are ok with any status, since nobody asked for them; what they answer is compared all the same.
 */
export function crawlProbe(options: CrawlProbeOptions): Probe {
  let discovery: Promise<readonly Page[]> | undefined;
  return {
    id: options.id,
    kind: 'http',
    ports: [options.port],
    prepare: prepareExchange,
    async run(container, { signal }) {
      const pages = discovery && (await discovery.catch(() => undefined));
      signal.throwIfAborted();
      if (pages) return (await visitAll(pages, options, container, signal)).outcomes;
      const found = discover(options, container, signal);
      discovery = found.then((result) => result.pages);
      discovery.catch(() => {});
      return (await found).outcomes;
    },
  };
}

interface Visits {
  readonly pages: Page[];
  readonly outcomes: Outcome[];
  /** Targets that the pages link to. */
  readonly targets: Set<string>;
  failuresInARow: number;
}

async function discover(options: CrawlProbeOptions, container: Container, signal: AbortSignal): Promise<Visits> {
  const { id, command, maxDepth, maxPages } = options;
  const all: Visits = { pages: [], outcomes: [], targets: new Set(), failuresInARow: 0 };
  let level: Page[] = [{ id, command, depth: 0 }];
  for (let depth = 0; level.length > 0 && depth <= maxDepth; depth++) {
    const visits = await visitAll(level.slice(0, maxPages - all.pages.length), options, container, signal);
    all.pages.push(...visits.pages);
    all.outcomes.push(...visits.outcomes);
    const isOver = depth === maxDepth || all.pages.length >= maxPages || container.result() !== undefined;
    level = isOver ? [] : pagesOf([...visits.targets].sort(), depth + 1, options, maxPages - all.pages.length);
  }
  return all;
}

function pagesOf(targets: readonly string[], depth: number, options: CrawlProbeOptions, most: number): Page[] {
  const { claimed, command, port } = options;
  const { username, password, protocol } = command;
  const pages: Page[] = [];
  for (const resource of targets) {
    const id = `${protocol ?? 'http'} GET :${port}${resource}`;
    if (claimed.has(id) || pages.length >= most) continue;
    claimed.add(id);
    const headers = command.headers.filter((header) => !/^content-/i.test(header));
    const login = { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
    const found = { method: 'GET', resource, headers, crawl: false, ...(protocol && { protocol }), ...login };
    pages.push({ id, command: found, depth });
  }
  return pages;
}

async function visitAll(
  pages: readonly Page[],
  options: CrawlProbeOptions,
  container: Container,
  signal: AbortSignal,
): Promise<Visits> {
  const visits: Visits = { pages: [...pages], outcomes: [], targets: new Set(), failuresInARow: 0 };
  for (const page of pages) {
    if (visits.failuresInARow >= MAX_FAILURES_IN_A_ROW) {
      const why = `not tried after ${MAX_FAILURES_IN_A_ROW} failures in a row`;
      visits.outcomes.push(failedOutcome(page.id, why, performance.now()));
      continue;
    }
    const { outcome, reply } = await request(container, { ...options, id: page.id, command: page.command }, signal);
    visits.failuresInARow = reply.kind === 'answer' ? 0 : visits.failuresInARow + 1;
    visits.outcomes.push(page.depth === 0 || container.result() ? outcome : { ...outcome, ok: true });
    for (const target of await targetsOf(reply, page.command.resource, options.port)) visits.targets.add(target);
  }
  return visits;
}

const SEARCHED_TYPES: readonly { readonly type: RegExp; readonly search: 'linksOfHtml' | 'linksOfCss' }[] = [
  { type: /^(?:text\/html|application\/xhtml\+xml)\b/i, search: 'linksOfHtml' },
  { type: /^text\/css\b/i, search: 'linksOfCss' },
];

/** Paths and queries on the same origin that an answer leads to. */
async function targetsOf(reply: HttpReply, resource: string, port: number): Promise<string[]> {
  if (reply.kind !== 'answer') return [];
  const origin = new URL(`http://${hostOf(port)}/`);
  const page = URL.canParse(resource, origin.href) ? new URL(resource, origin.href) : origin;
  const type = String(reply.headers['content-type'] ?? '');
  const text = reply.body.bytes?.subarray(0, MAX_SEARCHED_BYTES).toString('utf8') ?? '';
  const searched = SEARCHED_TYPES.find((candidate) => candidate.type.test(type));
  const links = searched ? (await import('./links.ts'))[searched.search](text, page) : [];
  const location = reply.headers.location;
  if (typeof location === 'string' && URL.canParse(location, page.href)) links.push(new URL(location, page.href));
  return links
    .filter((url) => isSameOrigin(url, origin))
    .map((url) => `${url.pathname}${url.search}`)
    .filter(isShort);
}

/** Links to `https` of the same host and port are taken for the same origin: the server may know its scheme better. */
function isSameOrigin(url: URL, origin: URL): boolean {
  return /^https?:$/.test(url.protocol) && url.host === origin.host;
}

function isShort(target: string): boolean {
  return target.length <= MAX_TARGET_LENGTH;
}
