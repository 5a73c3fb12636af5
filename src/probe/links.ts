import { formTargets } from './forms.ts';
import { type Element, parseElements } from './html.ts';
import { linksOfCss, refreshTarget, urlOf } from './references.ts';

/** Attributes that hold a URL, by tag. */
const LINK_ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  a: ['href'],
  area: ['href'],
  audio: ['src'],
  body: ['background'],
  embed: ['src'],
  frame: ['src'],
  iframe: ['src'],
  image: ['href'],
  img: ['src', 'data-src'],
  input: ['src'],
  link: ['href'],
  object: ['data'],
  script: ['src', 'href'],
  source: ['src'],
  track: ['src'],
  use: ['href'],
  video: ['src', 'poster'],
};

/** Attributes that hold several URLs, each with the sizes it is for. */
const SET_ATTRIBUTES = ['srcset', 'imagesrcset', 'data-srcset'];

/** Pages that are written out in attributes of pages are read to this depth. */
const MAX_NESTING = 3;

/**
 * What an HTML page links to, loads, refreshes to, and asks by its GET forms, in no particular order: URLs as written,
 * resolved against its `<base>`.
 */
export function linksOfHtml(html: string, page: URL): URL[] {
  return linksWithin(html, page, 0);
}

function linksWithin(html: string, page: URL, nesting: number): URL[] {
  const elements = parseElements(html);
  const base = elements.find(({ tagName, attributes }) => tagName === 'base' && attributes.has('href'));
  const from = urlOf(base?.attributes.get('href')?.trim() ?? '', page) ?? page;
  const written = new Set(elements.flatMap(writtenIn));
  const frames = nesting < MAX_NESTING ? elements.flatMap(({ attributes }) => attributes.get('srcdoc') ?? []) : [];
  return [
    ...[...written].flatMap((text) => urlOf(text, from) ?? []),
    ...linksOfCss(elements.flatMap(stylesIn).join('\n'), from),
    ...formTargets(elements, from),
    ...frames.flatMap((frame) => linksWithin(frame, from, nesting + 1)),
  ];
}

function writtenIn({ tagName, attributes }: Element): string[] {
  const single = (LINK_ATTRIBUTES[tagName] ?? []).map((name) => attributes.get(name)?.trim() ?? '');
  const sets = SET_ATTRIBUTES.flatMap((name) => (attributes.has(name) ? candidatesIn(attributes.get(name) ?? '') : []));
  const isRefresh = /^refresh$/i.test(attributes.get('http-equiv') ?? '');
  const refresh = isRefresh ? refreshTarget(attributes.get('content') ?? '') : undefined;
  return [...single, ...sets, ...(refresh ? [refresh] : [])];
}

/** A URL goes on to the next space; what follows it up to a comma is no URL. Source: HTML, "Srcset attributes". */
function candidatesIn(set: string): string[] {
  return [...set.matchAll(/([^\s,]\S*)(?:(?<=,)|[^,]*)/g)].map(([, url = '']) => withoutCommas(url));
}

function withoutCommas(url: string): string {
  let end = url.length;
  while (url[end - 1] === ',') end--;
  return url.slice(0, end);
}

function stylesIn({ tagName, attributes, text }: Element): string[] {
  const styles = [attributes.get('style') ?? '', tagName === 'style' ? text : ''];
  return styles.filter((css) => css !== '');
}
