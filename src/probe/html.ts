import { type DefaultTreeAdapterTypes, parse } from 'parse5';

type Node = DefaultTreeAdapterTypes.Node;
export type Element = DefaultTreeAdapterTypes.Element;

/** The elements of a page in the order of its text, those in templates too. */
export function parseElements(html: string): Element[] {
  return [...elementsIn(parse(html))];
}

/** The elements in one, in the order of the text. */
export function* elementsIn(root: Node): Generator<Element> {
  const pending: Node[] = childrenOf(root);
  for (let node = pending.pop(); node; node = pending.pop()) {
    if ('tagName' in node) yield node;
    for (const child of childrenOf(node)) pending.push(child);
  }
}

/** The value of an attribute; empty where it has none, undefined where it is not there. */
export function attributeOf(element: Element | undefined, name: string): string | undefined {
  return element?.attrs.find((attribute) => attribute.name === name)?.value;
}

/** The text in an element. */
export function textOf(element: Element): string {
  let text = '';
  const pending: Node[] = [...element.childNodes].reverse();
  for (let node = pending.pop(); node; node = pending.pop()) {
    if ('value' in node) text += node.value;
    else if ('tagName' in node) for (const child of [...node.childNodes].reverse()) pending.push(child);
  }
  return text;
}

/** Last one first, to be taken from the end. */
function childrenOf(node: Node): Node[] {
  const children = 'childNodes' in node ? node.childNodes : [];
  return ['content' in node ? [node.content] : [], children].flat().reverse();
}
