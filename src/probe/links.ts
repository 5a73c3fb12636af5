import { type DefaultTreeAdapterTypes, parse } from 'parse5';

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

/** Attributes that hold a URL, by tag. */
const LINK_ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  a: ['href'],
  area: ['href'],
  audio: ['src'],
  embed: ['src'],
  form: ['action'],
  frame: ['src'],
  iframe: ['src'],
  img: ['src', 'srcset', 'data-src'],
  input: ['src'],
  link: ['href'],
  object: ['data'],
  script: ['src'],
  source: ['src', 'srcset'],
  track: ['src'],
  video: ['src', 'poster'],
};

/** What an HTML page links to and loads, in no particular order: URLs as written, resolved against its `<base>`. */
export function linksOfHtml(html: string, page: URL): URL[] {
  const elements = [...elementsOf(parse(html))];
  const base = elements.find(({ tagName }) => tagName === 'base');
  const from = urlOf(attributeOf(base, 'href') ?? '', page) ?? page;
  return elements.flatMap((element) => writtenIn(element).flatMap((text) => urlOf(text, from) ?? []));
}

/** What a style sheet loads. */
export function linksOfCss(css: string, sheet: URL): URL[] {
  const written = css.matchAll(/url\(\s*(?:"([^"\n]*)"|'([^'\n]*)'|([^"')\s]+))\s*\)|@import\s+["']([^"'\n]+)["']/g);
  return [...written].flatMap(([, ...texts]) => urlOf(texts.find((text) => text !== undefined) ?? '', sheet) ?? []);
}

function* elementsOf(document: Node): Generator<Element> {
  const pending: Node[] = [document];
  for (let node = pending.pop(); node; node = pending.pop()) {
    if ('tagName' in node) yield node;
    if ('content' in node) pending.push(node.content);
    if ('childNodes' in node) for (const child of node.childNodes) pending.push(child);
  }
}

function writtenIn(element: Element): string[] {
  const isPost = element.tagName === 'form' && /^(?!get$)./i.test(attributeOf(element, 'method') ?? 'get');
  const names = isPost ? [] : (LINK_ATTRIBUTES[element.tagName] ?? []);
  return names.flatMap((name) => {
    const value = attributeOf(element, name);
    if (value === undefined || value.trim() === '') return [];
    return name === 'srcset' ? value.split(',').map((candidate) => candidate.trim().split(/\s/, 1)[0] ?? '') : [value];
  });
}

function attributeOf(element: Element | undefined, name: string): string | undefined {
  return element?.attrs.find((attribute) => attribute.name === name)?.value;
}

function urlOf(text: string, base: URL): URL | undefined {
  return text !== '' && URL.canParse(text, base.href) ? new URL(text, base.href) : undefined;
}
