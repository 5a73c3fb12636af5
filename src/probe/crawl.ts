import type { Container } from '../engine/types.ts';
import type { HttpCommand } from '../settings.ts';
import { errorPages, type Lead, leadsOf, linkedPages, type Page, visitor } from './crawl-pages.ts';
import { type HttpReply, prepareExchange } from './exchange.ts';
import type { HttpProbeOptions } from './http.ts';
import type { Outcome, Probe, RunProbeOptions } from './types.ts';

export interface CrawlProbeOptions extends HttpProbeOptions {
  /** Number of links between the first page and the last. */
  readonly maxDepth: number;
  /** The first page included. */
  readonly maxPages: number;
  /** How long pages are looked for. */
  readonly maxTimeMs: number;
  /** Ids of outcomes that are taken; those of the pages found are added, so that no page is asked for twice. */
  readonly claimed: Set<string>;
}

export interface CrawlRunOptions extends RunProbeOptions {
  /** Says whether the page that was asked for, or one that is linked to, is as it should be. */
  judge?(outcome: Outcome): Outcome;
  /** A request as it is sent in this run: with what its session knows. */
  dress?(command: HttpCommand): HttpCommand;
  /** Takes note of what came back. */
  note?(command: HttpCommand, reply: HttpReply): void;
}

export interface CrawlProbe extends Probe {
  run(container: Container, options: CrawlRunOptions): Promise<Outcome[]>;
}

/**
 * An HTTP request and GET requests for everything on the same origin that can be reached from its answer, breadth first,
 * in the order of the targets; then, once per site, what nobody links to: a page that does not exist and a method that
 * is not understood, for the site's error pages. One outcome per page. The first run that gets to its end finds the
 * pages; every later one, also on another image, asks for exactly these in the same order, and runs that begin meanwhile
 * wait for it. Pages that are linked to are expected to work. Those that were guessed are ok with any answer, since
 * nobody offered them; what they answer is compared all the same.
 */
export function crawlProbe(options: CrawlProbeOptions): CrawlProbe {
  let discovery: Promise<Discovery> | undefined;
  return {
    id: options.id,
    kind: 'http',
    listeners: [options.listener],
    prepare: () => Promise.all([prepareExchange(), import('./links.ts')]),
    async run(container, runOptions) {
      const earlier = discovery && (await discovery.catch(() => undefined));
      runOptions.signal.throwIfAborted();
      if (earlier) return visitAgain(earlier, options, container, runOptions);
      discovery = discover(options, container, runOptions);
      return (await discovery).outcomes;
    },
  };
}

async function visitAgain(
  { pages, limit }: Discovery,
  options: CrawlProbeOptions,
  container: Container,
  runOptions: CrawlRunOptions,
): Promise<Outcome[]> {
  const visit = visitor(options, container, runOptions);
  const outcomes: Outcome[] = [];
  for (const page of pages) outcomes.push((await visit(page)).outcome);
  return noteLimit(outcomes, limit);
}

interface Discovery {
  readonly pages: readonly Page[];
  readonly outcomes: Outcome[];
  /** Why there may be more pages. */
  readonly limit: string | undefined;
}

async function discover(
  options: CrawlProbeOptions,
  container: Container,
  runOptions: CrawlRunOptions,
): Promise<Discovery> {
  const { id, command, maxDepth, maxPages } = options;
  const pages: Page[] = [];
  const outcomes: Outcome[] = [];
  const visit = visitor(options, container, runOptions);
  const limitNow = limitOf(options, pages);
  let isAnswered = false;
  let level: Page[] = [{ id, command, standing: 'asked', from: '' }];
  for (let depth = 0; level.length > 0 && !limitNow() && !container.result(); depth++) {
    const leads = new Map<string, Lead>();
    for (const page of level) {
      if (limitNow()) break;
      const { outcome, reply } = await visit(page);
      pages.push(page);
      outcomes.push(outcome);
      isAnswered ||= reply?.kind === 'answer';
      if (depth < maxDepth) addLeads(leads, await leadsOf(reply, page, options.listener));
    }
    level = linkedPages(leads, options, maxPages - pages.length);
  }
  const limit = limitNow();
  for (const page of maxDepth > 0 && isAnswered ? errorPages(options) : []) {
    pages.push(page);
    outcomes.push((await visit(page)).outcome);
  }
  return { pages, outcomes: noteLimit(outcomes, limit), limit };
}

/** Says why no more pages are to be looked for; undefined while there is no reason. The first page is always asked for. */
function limitOf({ maxPages, maxTimeMs }: CrawlProbeOptions, pages: readonly Page[]): () => string | undefined {
  const endsAt = performance.now() + maxTimeMs;
  return () => {
    if (pages.length >= maxPages) return `at its limit of ${maxPages} pages`;
    return pages.length > 0 && performance.now() > endsAt ? `after ${maxTimeMs / 1000} s` : undefined;
  };
}

/** What one level of pages leads to, at most: a server can make up links without end. */
const MAX_LEADS = 100_000;

/** A page that is linked to anywhere is more than a guess. */
function addLeads(leads: Map<string, Lead>, more: readonly Lead[]): void {
  for (const lead of more) {
    const known = leads.get(lead.target);
    if (!known && leads.size >= MAX_LEADS) continue;
    if (!known || (known.standing === 'guessed' && lead.standing === 'linked')) leads.set(lead.target, lead);
  }
}

/** Says with the first page that there may be more. */
function noteLimit([first, ...others]: Outcome[], limit: string | undefined): Outcome[] {
  if (!first) return [];
  return [limit ? { ...first, summary: `${first.summary} (crawl ended ${limit})` } : first, ...others];
}
