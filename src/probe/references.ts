/** The URL that a text stands for where it is written; undefined for an empty one or none at all. */
export function urlOf(text: string, base: URL): URL | undefined {
  return text !== '' && URL.canParse(text, base.href) ? new URL(text, base.href) : undefined;
}

/** What a style sheet loads. URLs go on to the next bracket at most, so that no part of the text is read twice. */
export function linksOfCss(css: string, sheet: URL): URL[] {
  const written = css.matchAll(/url\(\s*(?:"([^"\n]*)"|'([^'\n]*)'|([^"'()\s]+))\s*\)|@import\s+["']([^"'\n]+)["']/g);
  const texts = new Set([...written].map(([, ...found]) => found.find((text) => text !== undefined) ?? ''));
  return [...texts].flatMap((text) => urlOf(text, sheet) ?? []);
}

/** A longer one is none, and would keep the search for its parts busy. */
const MAX_REFRESH_LENGTH = 2000;

/** The target in a `Refresh` header, or in the element that stands for one: `5; url=/next`. */
export function refreshTarget(value: string): string | undefined {
  const text = value.slice(0, MAX_REFRESH_LENGTH).trim();
  const [, quoted, plain] = /^[\d.]*\s*[;,\s]\s*(?:url\s*=\s*)?(?:["']([^"']*)["']|(\S.*))$/i.exec(text) ?? [];
  return quoted ?? plain;
}

/** What a web application's manifest loads and starts with. Source: W3C Web Application Manifest. */
export function linksOfManifest(json: string, manifest: URL): URL[] {
  const written = json.matchAll(/"(?:src|start_url|url)"\s*:\s*("(?:[^"\\]|\\.)*")/g);
  return [...written].flatMap(([, text = '""']) => urlOf(unquoted(text), manifest) ?? []);
}

/** Longer ones are none. Source: sitemaps.org. */
const MAX_LOCATION_LENGTH = 2048;

/** The pages and pictures that a sitemap lists, and the sitemaps of an index. They name the site by its public host. */
export function linksOfSitemap(xml: string, sitemap: URL): URL[] {
  if (!/<(?:urlset|sitemapindex)[\s>]/.test(xml)) return [];
  const [, ...written] = xml.split(/<(?:\w{1,20}:)?loc>/);
  return written
    .map(
      (text) => /^(?:<!\[CDATA\[)?([^<\]]*)(?:\]\]>)?\s*<\//.exec(text.slice(0, MAX_LOCATION_LENGTH).trim())?.[1] ?? '',
    )
    .flatMap((text) => urlOf(unescaped(text.trim()), sitemap) ?? [])
    .map((url) => hostedAt(url, sitemap));
}

/** Most rules of a robots.txt that are taken for hints. */
const MAX_RULES = 100;

/** The paths that a robots.txt speaks of, whether robots may go there or not, and its sitemaps. Source: RFC 9309. */
export function linksOfRobots(text: string, robots: URL): URL[] {
  const rules = [...text.matchAll(/^[ \t]*(?:allow|disallow|sitemap)[ \t]*:[ \t]*([^\s#*]+)[ \t]*(?:#.*)?$/gim)];
  const written = rules.slice(0, MAX_RULES).map(([, target = '']) => target.replace(/\$$/, ''));
  return written.flatMap((target) => urlOf(target, robots) ?? []).map((url) => hostedAt(url, robots));
}

function hostedAt({ pathname, search, protocol }: URL, site: URL): URL {
  return new URL(/^https?:$/.test(protocol) ? `${pathname}${search}`.replace(/^\/+/, '/') : '/', site.origin);
}

function unquoted(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return '';
  }
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(xml: string): string {
  return xml.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? '');
}
