import { listOf, type Node, nodeOf, textOf } from './openapi-node.ts';
import { type Sampler, sendable } from './openapi-sample.ts';

/** The body of a request and its `Content-Type`. */
export interface ApiBody {
  readonly type: string;
  readonly bytes: Buffer;
}

/** A fixed boundary, so that the same document gives the same bytes. */
const BOUNDARY = 'trace-slim-boundary-4f1c9a';

/** How a sampled value is written, by media type, best first. */
const ENCODERS: readonly { readonly type: RegExp; readonly encode: (value: unknown, type: string) => ApiBody }[] = [
  {
    type: /^application\/(?:[\w.-]+\+)?json\b/i,
    encode: (value, type) => ({ type, bytes: Buffer.from(JSON.stringify(value) ?? 'null') }),
  },
  {
    type: /^application\/x-www-form-urlencoded\b/i,
    encode: (value, type) => ({ type, bytes: Buffer.from(new URLSearchParams(fieldsOf(value)).toString()) }),
  },
  { type: /^multipart\/form-data\b/i, encode: (value) => encodeMultipart(fieldsOf(value)) },
  { type: /^/, encode: (value, type) => ({ type, bytes: Buffer.from(asText(value)) }) },
];

/** A sampled body for an operation. Undefined when it takes none. */
export function bodyOf(operation: Node, parameters: readonly Node[], api: Node, sampler: Sampler): ApiBody | undefined {
  const content = nodeOf(nodeOf(operation.requestBody).content);
  const types = Object.keys(content);
  if (types.length > 0) return encodeBest(types, (type) => mediaValue(nodeOf(content[type]), sampler));
  const body = parameters.find((parameter) => parameter.in === 'body');
  const form = parameters.filter((parameter) => parameter.in === 'formData');
  const consumes = listOf(operation.consumes ?? api.consumes).map(textOf);
  if (body) return encodeBest(consumes.length > 0 ? consumes : ['application/json'], () => sampler(body.schema));
  if (form.length === 0) return undefined;
  const fields = form.map((field) => [textOf(field.name), field.type === 'file' ? 'file' : sampler(field)]);
  const formTypes = consumes.length > 0 ? consumes : ['application/x-www-form-urlencoded'];
  return encodeBest(formTypes, () => Object.fromEntries(fields));
}

/** A body that somebody gives, in the best form that an operation takes; JSON when it says nothing. */
export function givenBody(operation: Node, api: Node, value: unknown): ApiBody {
  const types = Object.keys(nodeOf(nodeOf(operation.requestBody).content));
  const consumes = types.length > 0 ? types : listOf(operation.consumes ?? api.consumes).map(textOf);
  return encodeBest(consumes.length > 0 ? consumes : ['application/json'], () => value);
}

function encodeBest(types: readonly string[], value: (type: string) => unknown): ApiBody {
  const ranked = ENCODERS.flatMap(({ type, encode }) =>
    types.filter((candidate) => type.test(candidate)).map((candidate) => ({ candidate, encode })),
  );
  const [best] = ranked;
  return best ? best.encode(value(best.candidate), best.candidate) : { type: 'text/plain', bytes: Buffer.alloc(0) };
}

/** What the document gives as an example, else a sample. */
function mediaValue(media: Node, sampler: Sampler): unknown {
  const [example] = Object.values(nodeOf(media.examples));
  return sendable(media.example) ?? sendable(nodeOf(example).value) ?? sampler(media.schema);
}

function fieldsOf(value: unknown): [string, string][] {
  return Object.entries(nodeOf(value)).map(([name, field]) => [name, asText(field)]);
}

function encodeMultipart(fields: readonly [string, string][]): ApiBody {
  const parts = fields.map(([name, value]) => {
    const quoted = name.replace(/["\r\n]/g, '_');
    return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${quoted}"\r\n\r\n${value}\r\n`;
  });
  const bytes = Buffer.from(`${parts.join('')}--${BOUNDARY}--\r\n`);
  return { type: `multipart/form-data; boundary=${BOUNDARY}`, bytes };
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
