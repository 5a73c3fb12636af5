import { type Token, Tokenizer, TokenizerMode } from 'parse5';

/** An element by its start tag, with what else a search for links needs. */
export interface Element {
  readonly tagName: string;
  /** Values by name; empty where an attribute has none. Those of SVG are there without their prefix. */
  readonly attributes: ReadonlyMap<string, string>;
  /** The text in a `style`, `textarea` or `option`; empty for all others. */
  readonly text: string;
  /** The form that it stands in. */
  readonly form: Element | undefined;
  /** Of a `select`. */
  readonly options: readonly Element[];
}

interface GrowingElement extends Element {
  text: string;
  readonly options: Element[];
}

/** How the text in an element is read. Source: HTML, "Parsing HTML fragments". */
const TEXT_MODES: Readonly<Record<string, (typeof TokenizerMode)[keyof typeof TokenizerMode]>> = {
  title: TokenizerMode.RCDATA,
  textarea: TokenizerMode.RCDATA,
  style: TokenizerMode.RAWTEXT,
  xmp: TokenizerMode.RAWTEXT,
  iframe: TokenizerMode.RAWTEXT,
  noembed: TokenizerMode.RAWTEXT,
  noframes: TokenizerMode.RAWTEXT,
  script: TokenizerMode.SCRIPT_DATA,
  plaintext: TokenizerMode.PLAINTEXT,
};

const WITH_TEXT = new Set(['style', 'textarea', 'option']);
/** They mean something without attributes; other elements without any lead nowhere. */
const MEANINGFUL = new Set(['form', 'style']);
/** They end the list of options before them. */
const FIELDS = new Set(['input', 'select', 'textarea']);

/**
 * The elements of a page that have attributes or mean something without, in the order of its text, those in templates
 * and for browsers without scripts too. Only the tags are read, since the tree that a browser makes of them can take
 * the square of the page's length.
 */
export function parseElements(html: string): Element[] {
  const elements: Element[] = [];
  let form: GrowingElement | undefined;
  let select: GrowingElement | undefined;
  let filling: GrowingElement | undefined;
  const addText = ({ chars }: Token.CharacterToken) => {
    if (filling) filling.text += chars;
  };
  const tokenizer = new Tokenizer(
    {},
    {
      onStartTag(tag) {
        const { tagName } = tag;
        const element: GrowingElement = { tagName, attributes: attributesOf(tag), text: '', form, options: [] };
        if (element.attributes.size > 0 || MEANINGFUL.has(tagName)) elements.push(element);
        if (FIELDS.has(tagName)) select = undefined;
        if (tagName === 'form') form ??= element;
        if (tagName === 'select') select = element;
        if (tagName === 'option') select?.options.push(element);
        if (WITH_TEXT.has(tagName)) filling = element;
        const mode = tag.selfClosing && tagName === 'script' ? undefined : TEXT_MODES[tagName];
        if (mode !== undefined) tokenizer.state = mode;
      },
      onEndTag({ tagName }) {
        if (tagName === 'form') form = undefined;
        if (tagName === 'select') select = undefined;
        if (tagName === 'select' || tagName === filling?.tagName) filling = undefined;
      },
      onCharacter: addText,
      onWhitespaceCharacter: addText,
      onNullCharacter() {},
      onComment() {},
      onDoctype() {},
      onEof() {},
    },
  );
  tokenizer.write(html, true);
  return elements;
}

const NO_ATTRIBUTES: Element['attributes'] = new Map();

function attributesOf({ attrs }: Token.TagToken): Element['attributes'] {
  return attrs.length === 0
    ? NO_ATTRIBUTES
    : new Map(attrs.map(({ name, value }) => [name.replace(/^xlink:/, ''), value]));
}
