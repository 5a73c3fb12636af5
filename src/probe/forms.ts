import type { Element } from './html.ts';

/**
 * Where the forms of a page lead that only ask (method GET) when they are sent as they stand: their actions with the values
 * their fields begin with. `all` are the elements of the page. Source: HTML, "Form submission".
 */
export function formTargets(all: readonly Element[], base: URL): URL[] {
  const fields = fieldsByForm(all);
  return all
    .filter(({ tagName }) => tagName === 'form')
    .flatMap((form) => targetOf(form, fields.get(form) ?? [], base));
}

function targetOf({ attributes }: Element, fields: readonly Element[], base: URL): URL | [] {
  if (!/^(?:get)?$/i.test(attributes.get('method') ?? '')) return [];
  const action = attributes.get('action')?.trim() ?? '';
  if (!URL.canParse(action, base.href)) return [];
  const url = new URL(action, base.href);
  const button = fields.find(isSubmit);
  const pairs = fields.flatMap((field) => (isSubmit(field) && field !== button ? [] : pairsOf(field)));
  url.search = new URLSearchParams(pairs).toString();
  return url;
}

/** Fields belong to the form they stand in, or to another one that they name. */
function fieldsByForm(all: readonly Element[]): Map<Element, Element[]> {
  const named = new Map<string, Element>();
  for (const element of all) {
    const id = element.tagName === 'form' ? element.attributes.get('id') : undefined;
    if (id !== undefined && !named.has(id)) named.set(id, element);
  }
  const byForm = new Map<Element, Element[]>();
  for (const field of all) {
    if (!FIELDS[field.tagName] || field.attributes.has('disabled')) continue;
    const name = field.attributes.get('form');
    const form = name === undefined ? field.form : named.get(name);
    if (!form) continue;
    const others = byForm.get(form);
    if (others) others.push(field);
    else byForm.set(form, [field]);
  }
  return byForm;
}

type Pair = [name: string, value: string];

function pairsOf(field: Element): Pair[] {
  const name = field.attributes.get('name') ?? '';
  return name === '' ? [] : (FIELDS[field.tagName]?.(field) ?? []).map((value): Pair => [name, value]);
}

/** The values a field is sent with, by tag. */
const FIELDS: Readonly<Record<string, (field: Element) => string[]>> = {
  input: (field) => {
    const type = typeOf(field, 'text');
    const value = field.attributes.get('value');
    if (/^(?:button|reset|image|file)$/.test(type)) return [];
    if (/^(?:checkbox|radio)$/.test(type)) return !field.attributes.has('checked') ? [] : [value ?? 'on'];
    return [value ?? ''];
  },
  button: (field) => (isSubmit(field) ? [field.attributes.get('value') ?? ''] : []),
  textarea: ({ text }) => [text.replace(/^\n/, '')],
  select: (field) => {
    const { options } = field;
    const selected = options.filter((option) => option.attributes.has('selected'));
    const first = options.filter((option) => !option.attributes.has('disabled')).slice(0, 1);
    const isMultiple = field.attributes.has('multiple');
    const chosen = selected.length > 0 || isMultiple ? selected : first;
    return (isMultiple ? chosen : chosen.slice(-1)).map(
      (option) => option.attributes.get('value') ?? option.text.trim(),
    );
  },
};

function isSubmit(field: Element): boolean {
  if (field.tagName === 'button') return typeOf(field, 'submit') === 'submit';
  return field.tagName === 'input' && typeOf(field, 'text') === 'submit';
}

function typeOf(field: Element, otherwise: string): string {
  return (field.attributes.get('type') || otherwise).toLowerCase();
}
