import { formTarget } from './forms.ts';
import { attributeOf, type Element, parseElements, textOf } from './html.ts';
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
  script: ['src'],
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
  const base = elements.find(({ tagName }) => tagName === 'base');
  const from = urlOf(attributeOf(base, 'href') ?? '', page) ?? page;
  return elements.flatMap((element) => {
    const frame = nesting < MAX_NESTING ? attributeOf(element, 'srcdoc') : undefined;
    const form = element.tagName === 'form' ? formTarget(element, elements, from) : undefined;
    return [
      ...writtenIn(element).flatMap((text) => urlOf(text, from) ?? []),
      ...linksOfCss(stylesIn(element), from),
      ...(form ? [form] : []),
      ...(frame ? linksWithin(frame, from, nesting + 1) : []),
    ];
  });
}

function writtenIn(element: Element): string[] {
  const single = (LINK_ATTRIBUTES[element.tagName] ?? []).map((name) => attributeOf(element, name)?.trim() ?? '');
  const sets = SET_ATTRIBUTES.flatMap((name) => candidatesIn(attributeOf(element, name) ?? ''));
  const isRefresh = /^refresh$/i.test(attributeOf(element, 'http-equiv') ?? '');
  const refresh = isRefresh ? refreshTarget(attributeOf(element, 'content') ?? '') : undefined;
  return [...single, ...sets, ...(refresh ? [refresh] : [])];
}

/** A URL goes on to the next space; what follows it up to a comma is no URL. Source: HTML, "Srcset attributes". */
function candidatesIn(set: string): string[] {
  return [...set.matchAll(/([^\s,]\S*)(?:(?<=,)|[^,]*)/g)].map(([, url = '']) => url.replace(/,+$/, ''));
}

function stylesIn(element: Element): string {
  return `${attributeOf(element, 'style') ?? ''}${element.tagName === 'style' ? `\n${textOf(element)}` : ''}`;
}
