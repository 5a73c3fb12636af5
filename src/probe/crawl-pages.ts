import { isUtf8 } from 'node:buffer';
import type { Container, Listener } from '../engine/types.ts';
import type { HttpCommand } from '../settings.ts';
import { boundedWork } from './bounded-work.ts';
import type { CrawlProbeOptions, CrawlRunOptions } from './crawl.ts';
import type { HttpReply } from './exchange.ts';
import { request } from './http.ts';
import { hostOf, resourceName } from './listener.ts';
import { failedOutcome } from './outcome.ts';
import { linksOfCss, linksOfManifest, linksOfRobots, linksOfSitemap, refreshTarget, urlOf } from './references.ts';
import type { Outcome } from './types.ts';

/** `asked`: by the user. `linked`: the site itself leads there. `guessed`: it may not be there. */
type Standing = 'asked' | 'linked' | 'guessed';

export interface Page {
  readonly id: string;
  readonly command: HttpCommand;
  readonly standing: Standing;
  /** The target of the page that leads here. */
  readonly from: string;
}

/** A path and query on the same origin that a page leads to. */
export interface Lead {
  readonly target: string;
  readonly standing: Exclude<Standing, 'asked'>;
  readonly from: string;
}

/** Pages and style sheets are searched for links up to this length. */
const MAX_SEARCHED_BYTES = 2 * 1024 * 1024;
const MAX_TARGET_LENGTH = 2_000;
/** So many pages in a row without an answer mean that the rest will have none either. */
const MAX_FAILURES_IN_A_ROW = 3;

/** Where sites tell crawlers what they have. */
const HINTS = ['/robots.txt', '/sitemap.xml'];

/**
 * What is asked for so that error pages are seen: a page that no site has, and a method that almost no page answers to.
 * TRACE changes nothing on any server (RFC 9110, 9.2.1), and frameworks refuse it with their page for 405.
 */
const ERROR_REQUESTS: readonly { readonly method: string; readonly resource?: string }[] = [
  { method: 'GET', resource: '/no-such-page-for-trace-slim' },
  { method: 'TRACE' },
];

/** Following a link like these would end the session, or worse. Static files are only read whatever their name. */
const UNSAFE_TARGET =
  /(?:^|[^a-z])(?:log|sign)[-_]?(?:out|off)(?![a-z])|(?:^|[^a-z])(?:delete|destroy|shutdown|unsubscribe)/i;
const STATIC_FILE = /\.(?:css|gif|ico|jpe?g|m?js|json|map|png|svg|webp|woff2?)(?:\?|$)/i;

/** Asks for pages, one at a time, each in a phase of its own. Gives up when several in a row have no answer. */
export function visitor(
  options: CrawlProbeOptions,
  container: Container,
  { signal, enter, judge = (outcome) => outcome, dress = (command) => command, note }: CrawlRunOptions,
): (page: Page) => Promise<{ outcome: Outcome; reply?: HttpReply }> {
  let failuresInARow = 0;
  return async ({ id, command, standing, from }) => {
    if (failuresInARow >= MAX_FAILURES_IN_A_ROW) {
      return {
        outcome: failedOutcome(id, `not tried after ${MAX_FAILURES_IN_A_ROW} failures in a row`, performance.now()),
      };
    }
    if (standing !== 'asked') await enter?.(id);
    const { outcome: found, reply } = await request(container, { ...options, id, command: dress(command) }, signal);
    note?.(command, reply);
    failuresInARow = reply.kind === 'answer' ? 0 : failuresInARow + 1;
    if (standing === 'guessed') return { outcome: { ...found, ok: container.result() === undefined }, reply };
    const outcome = judge(found);
    if (outcome.ok || standing === 'asked') return { outcome, reply };
    return { outcome: { ...outcome, summary: `${outcome.summary} (linked from ${from})` }, reply };
  };
}

/**
 * Up to so many pages for what was found, in the order of the targets, without those that are claimed. When there are more,
 * each group of targets has its turn, so that a calendar or a long list does not keep all others out.
 */
export function linkedPages(leads: ReadonlyMap<string, Lead>, options: CrawlProbeOptions, most: number): Page[] {
  const safe = [...leads.keys()].sort().filter((target) => !UNSAFE_TARGET.test(target) || STATIC_FILE.test(target));
  const pages: Page[] = [];
  for (const resource of inTurns(safe)) {
    if (pages.length >= most) break;
    const { standing, from } = leads.get(resource) as Lead;
    pages.push(...claimedPages([{ method: 'GET', resource }], { standing, from }, options));
  }
  return pages.sort(({ command: a }, { command: b }) => (a.resource < b.resource ? -1 : 1));
}

/** The first target of each group, then the second of each, and so on. */
function inTurns(targets: readonly string[]): string[] {
  const sizes = new Map<string, number>();
  const turns = targets.map((target) => {
    const group = groupOf(target);
    const turn = sizes.get(group) ?? 0;
    sizes.set(group, turn + 1);
    return { target, turn };
  });
  return turns.sort((a, b) => a.turn - b.turn).map(({ target }) => target);
}

/** What is the same for pages that one program most likely makes: folder, type of file, names in the query; numbers aside. */
function groupOf(target: string): string {
  const [path = '', query = ''] = target.split('?', 2);
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const place = folder === '/' ? path : `${folder}${/\.\w{1,8}$/.exec(path)?.[0] ?? ''}`;
  const names = query.split('&').map((pair) => pair.split('=', 1)[0]);
  return `${place}?${names.join('&')}`.replace(/\d+/g, '0');
}

/** Pages that show the site's error reporting; none when it was asked for before. */
export function errorPages(options: CrawlProbeOptions): Page[] {
  const requests = ERROR_REQUESTS.map(({ method, resource }) => ({
    method,
    resource: resource ?? options.command.resource,
  }));
  const place = { standing: 'guessed', from: '' } as const;
  const first = claimedPages(requests.slice(0, 1), place, options);
  return first.length === 0 ? [] : [...first, ...claimedPages(requests.slice(1), place, options)];
}

function claimedPages(
  requests: readonly Pick<HttpCommand, 'method' | 'resource'>[],
  place: Pick<Page, 'standing' | 'from'>,
  { claimed, command, listener }: CrawlProbeOptions,
): Page[] {
  const { username, password, protocol } = command;
  const headers = command.headers.filter((header) => !/^content-/i.test(header));
  const login = { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
  return requests.flatMap((request) => {
    const id = `${protocol ?? 'http'} ${request.method} ${resourceName(listener, request.resource)}`;
    if (claimed.has(id)) return [];
    claimed.add(id);
    return { id, command: { ...request, headers, crawl: false, ...(protocol && { protocol }), ...login }, ...place };
  });
}

type Search = (text: string, page: URL) => URL[];

/** How answers are searched for links, by the page and the type of its answer. */
const SEARCHES: readonly {
  readonly page?: RegExp;
  readonly type: RegExp;
  load(): Promise<Search>;
  readonly standing: Lead['standing'];
}[] = [
  {
    type: /^(?:text\/html|application\/xhtml\+xml)\b/i,
    load: async () => (await import('./links.ts')).linksOfHtml,
    standing: 'linked',
  },
  { type: /^text\/css\b/i, load: async () => linksOfCss, standing: 'linked' },
  { type: /^(?:application|text)\/xml\b/i, load: async () => linksOfSitemap, standing: 'linked' },
  { type: /^application\/manifest\+json\b/i, load: async () => linksOfManifest, standing: 'linked' },
  { page: /\.webmanifest$|\/manifest\.json$/, type: /./, load: async () => linksOfManifest, standing: 'linked' },
  { page: /^\/robots\.txt$/, type: /^text\/plain\b/i, load: async () => linksOfRobots, standing: 'guessed' },
];

/** What an answer leads to on the same origin: its redirection, its links, and after a first HTML page the site's hints. */
export async function leadsOf(reply: HttpReply | undefined, page: Page, listener: Listener): Promise<Lead[]> {
  if (reply?.kind !== 'answer' || (page.standing === 'guessed' && reply.status >= 400)) return [];
  const { resource } = page.command;
  const origin = new URL(`http://${hostOf(listener)}/`);
  const url = urlOf(resource, origin) ?? origin;
  const type = String(reply.headers['content-type'] ?? '');
  const search = SEARCHES.find((row) => row.type.test(type) && (row.page?.test(url.pathname) ?? true));
  const bytes = reply.body.bytes?.subarray(0, MAX_SEARCHED_BYTES) ?? Buffer.alloc(0);
  const text = search ? decoded(bytes, /;\s*charset="?([\w-]+)/i.exec(type)?.[1]) : '';
  const linksIn = await search?.load();
  const found = boundedWork(() => linksIn?.(text, url), undefined);
  const links = [...redirectionsIn(reply.headers, url), ...(found ?? [])];
  const leads = links
    .filter((link) => isSameOrigin(link, origin))
    .map(({ pathname, search: query }) => `${pathname}${query}`)
    .filter((target) => target.length <= MAX_TARGET_LENGTH)
    .map((target): Lead => ({ target, standing: search?.standing ?? 'linked', from: resource }));
  const isFirst = page.standing === 'asked' && search === SEARCHES[0];
  return isFirst ? [...leads, ...HINTS.map((target): Lead => ({ target, standing: 'guessed', from: '' }))] : leads;
}

/** Text as browsers read it. Source: WHATWG Encoding, and for pages that name none, HTML, "Determining the character encoding". */
function decoded(bytes: Buffer, charset: string | undefined): string {
  try {
    return new TextDecoder(charset ?? (isUtf8(bytes) ? 'utf-8' : 'windows-1252')).decode(bytes);
  } catch {
    return bytes.toString('utf8');
  }
}

function redirectionsIn(headers: Readonly<Record<string, string | string[] | undefined>>, page: URL): URL[] {
  const { location, refresh } = headers;
  const targets = [location, typeof refresh === 'string' ? refreshTarget(refresh) : undefined];
  return targets.flatMap((target) => (typeof target === 'string' ? (urlOf(target, page) ?? []) : []));
}

/** Links to `https` of the same host and port are taken for the same origin: the server may know its scheme better. */
function isSameOrigin(url: URL, origin: URL): boolean {
  return /^https?:$/.test(url.protocol) && url.host === origin.host;
}
