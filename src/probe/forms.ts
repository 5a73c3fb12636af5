import { attributeOf, type Element, elementsIn, textOf } from './html.ts';

/**
 * Where a form leads when it is sent as it stands, for forms that only ask (method GET): its action with the values its
 * fields begin with. Undefined for all others. `all` are the elements of the page. Source: HTML, "Form submission".
 */
export function formTarget(form: Element, all: readonly Element[], base: URL): URL | undefined {
  if (!/^(?:get)?$/i.test(attributeOf(form, 'method') ?? '')) return undefined;
  const action = attributeOf(form, 'action')?.trim() ?? '';
  if (!URL.canParse(action, base.href)) return undefined;
  const url = new URL(action, base.href);
  const fields = fieldsOf(form, all);
  const button = fields.find(isSubmit);
  const pairs = fields.flatMap((field) => (isSubmit(field) && field !== button ? [] : pairsOf(field)));
  url.search = new URLSearchParams(pairs).toString();
  return url;
}

/** Fields in the form, and those elsewhere that name it. */
function fieldsOf(form: Element, all: readonly Element[]): Element[] {
  const within = new Set(elementsIn(form));
  const id = attributeOf(form, 'id');
  const belongs = (field: Element) => {
    const owner = attributeOf(field, 'form');
    return owner === undefined ? within.has(field) : owner === id;
  };
  return all.filter((field) => FIELDS[field.tagName] && belongs(field) && attributeOf(field, 'disabled') === undefined);
}

type Pair = [name: string, value: string];

function pairsOf(field: Element): Pair[] {
  const name = attributeOf(field, 'name') ?? '';
  return name === '' ? [] : (FIELDS[field.tagName]?.(field) ?? []).map((value): Pair => [name, value]);
}

/** The values a field is sent with, by tag. */
const FIELDS: Readonly<Record<string, (field: Element) => string[]>> = {
  input: (field) => {
    const type = typeOf(field, 'text');
    const value = attributeOf(field, 'value');
    if (/^(?:button|reset|image|file)$/.test(type)) return [];
    if (/^(?:checkbox|radio)$/.test(type)) return attributeOf(field, 'checked') === undefined ? [] : [value ?? 'on'];
    return [value ?? ''];
  },
  button: (field) => (isSubmit(field) ? [attributeOf(field, 'value') ?? ''] : []),
  textarea: (field) => [textOf(field).replace(/^\n/, '')],
  select: (field) => {
    const options = [...elementsIn(field)].filter(({ tagName }) => tagName === 'option');
    const selected = options.filter((option) => attributeOf(option, 'selected') !== undefined);
    const first = options.filter((option) => attributeOf(option, 'disabled') === undefined).slice(0, 1);
    const isMultiple = attributeOf(field, 'multiple') !== undefined;
    const chosen = selected.length > 0 || isMultiple ? selected : first;
    return (isMultiple ? chosen : chosen.slice(-1)).map(
      (option) => attributeOf(option, 'value') ?? textOf(option).trim(),
    );
  },
};

function isSubmit(field: Element): boolean {
  if (field.tagName === 'button') return typeOf(field, 'submit') === 'submit';
  return field.tagName === 'input' && typeOf(field, 'text') === 'submit';
}

function typeOf(field: Element, otherwise: string): string {
  return (attributeOf(field, 'type') || otherwise).toLowerCase();
}
