import { listOf, type Node, nodeOf, textOf } from './openapi-node.ts';
import { type Sampler, sendable } from './openapi-sample.ts';

/** One name and value of a request, and where it belongs. Values in a path or query are encoded. */
export interface Part {
  readonly in: 'path' | 'query' | 'header' | 'cookie';
  readonly name: string;
  readonly value: string;
}

/** Headers that a parameter does not set. Source: OpenAPI 3.1, Parameter Object */
const IGNORED_HEADERS = /^(?:accept|content-type|authorization)$/i;

/**
 * The parameters of an operation: those that are required, those for which the document has a value, and those that are
 * `given`, by name.
 */
export function parameterParts(
  parameters: readonly Node[],
  sampler: Sampler,
  given: Readonly<Record<string, unknown>> = {},
): Part[] {
  const isGiven = ({ name }: Node) => Object.hasOwn(given, textOf(name));
  return parameters
    .filter((parameter) => isSent(parameter, isGiven(parameter)))
    .flatMap((parameter) => {
      const place = textOf(parameter.in) as Part['in'];
      const name = textOf(parameter.name);
      return serialize(parameter, isGiven(parameter) ? given[name] : sentValue(parameter, sampler)).map(
        ([key, value]) => ({
          in: place,
          name: key ?? name,
          value: place === 'header' ? value.replace(/[^\x20-\x7e]/g, '?') : encodeURIComponent(value),
        }),
      );
    });
}

/** Puts parts into a path template. */
export function placeParts(template: string, parts: readonly Part[]): { target: string; headers: string[] } {
  const of = (place: Part['in']) => parts.filter((part) => part.in === place);
  const path = of('path').reduce((filled, { name, value }) => filled.replaceAll(`{${name}}`, value), template);
  const query = of('query').map(({ name, value }) => `${encodeURIComponent(name)}=${value}`);
  const cookies = of('cookie').map(({ name, value }) => `${name}=${value}`);
  const headers = of('header').filter(({ name }) => /^[!#$%&'*+.^_`|~\w-]+$/.test(name));
  return {
    target: query.length > 0 ? `${path}?${query.join('&')}` : path,
    headers: [
      ...headers.map(({ name, value }) => `${name}: ${value}`),
      ...(cookies.length > 0 ? [`Cookie: ${cookies.join('; ')}`] : []),
    ],
  };
}

function isSent(parameter: Node, isGiven: boolean): boolean {
  const place = textOf(parameter.in);
  if (place === 'path') return true;
  if (place === 'header' && IGNORED_HEADERS.test(textOf(parameter.name))) return false;
  return (
    /^(?:query|header|cookie)$/.test(place) &&
    (isGiven || parameter.required === true || givenValue(parameter) !== undefined)
  );
}

function sentValue(parameter: Node, sampler: Sampler): unknown {
  return givenValue(parameter) ?? sampler(schemaOf(parameter));
}

/** What the document itself says a parameter's value could be. */
function givenValue(parameter: Node): unknown {
  const [example] = Object.values(nodeOf(parameter.examples));
  const schema = nodeOf(schemaOf(parameter));
  const given = [parameter.example, nodeOf(example).value, schema.example, schema.default, listOf(schema.examples)[0]];
  return given.map(sendable).find((value) => value !== undefined && value !== null);
}

/** OpenAPI 2 has the schema of a parameter in the parameter itself; 3 may have it below a media type. */
function schemaOf(parameter: Node): unknown {
  const [content] = Object.values(nodeOf(parameter.content));
  return parameter.schema ?? nodeOf(content).schema ?? parameter;
}

/** Pairs of name (absent: the parameter's own) and text. */
function serialize(parameter: Node, value: unknown): [string | undefined, string][] {
  if (parameter.content) return [[undefined, JSON.stringify(value) ?? '']];
  const isForm = /^(?:query|cookie)$/.test(textOf(parameter.in));
  if (Array.isArray(value)) {
    const isExploded = isForm && isRepeated(parameter);
    const items = value.map(asText);
    return isExploded ? items.map((item) => [undefined, item]) : [[undefined, items.join(separatorOf(parameter))]];
  }
  if (typeof value !== 'object' || value === null) return [[undefined, asText(value)]];
  const entries = Object.entries(value).map(([key, item]): [string, string] => [key, asText(item)]);
  if (parameter.style === 'deepObject')
    return entries.map(([key, item]) => [`${textOf(parameter.name)}[${key}]`, item]);
  return isForm && isRepeated(parameter) ? entries : [[undefined, entries.flat().join(',')]];
}

/** Forms explode in OpenAPI 3 unless told otherwise; in 2 only with `collectionFormat: multi`. */
function isRepeated(parameter: Node): boolean {
  return parameter.schema === undefined ? parameter.collectionFormat === 'multi' : parameter.explode !== false;
}

const SEPARATORS: Readonly<Record<string, string>> = {
  ssv: ' ',
  tsv: '\t',
  pipes: '|',
  spaceDelimited: ' ',
  pipeDelimited: '|',
};

function separatorOf({ style, collectionFormat }: Node): string {
  return SEPARATORS[textOf(style ?? collectionFormat)] ?? ',';
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  return JSON.stringify(value) ?? '';
}
