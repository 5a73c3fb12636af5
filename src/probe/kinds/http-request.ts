import type { Listener } from '../../engine/types.ts';
import type { HttpRequest } from '../exchange.ts';
import { hostOf } from '../listener.ts';
import type { HttpSpec } from './http-spec.ts';
import type { Session } from './session.ts';

/** The request that a spec describes, with the cookies of its session. */
export function requestOf(spec: HttpSpec, listener: Listener, { cookies }: Session): HttpRequest {
  const target = targetOf(spec);
  const { type, content } = bodyOf(spec);
  const cookie = cookies.header(target);
  const given = Object.entries(spec.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    method: spec.method,
    target,
    headers: {
      host: hostOf(listener),
      accept: '*/*',
      'user-agent': 'trace-slim',
      ...(type && { 'content-type': type }),
      ...(cookie && { cookie }),
      ...authorization(spec),
      ...Object.fromEntries(given),
    },
    ...(content && { body: content }),
  };
}

/** The request that a redirect asks for; undefined when it leads to another server. */
export function redirected(
  { method, headers, body }: HttpRequest,
  from: string,
  { status, location }: { status: number; location: string },
  { cookies }: Session,
): HttpRequest | undefined {
  const origin = `http://${headers.host}`;
  const base = new URL(from, origin);
  if (!URL.canParse(location, base.href)) return undefined;
  const url = new URL(location, base.href);
  if (!/^https?:$/.test(url.protocol) || url.host !== base.host) return undefined;
  const keeps = status === 307 || status === 308 || method === 'HEAD';
  const target = `${url.pathname}${url.search}`;
  const { cookie: _, 'content-type': type, ...others } = headers;
  const cookie = cookies.header(target);
  return {
    method: keeps ? method : 'GET',
    target,
    headers: { ...others, ...(keeps && type && { 'content-type': type }), ...(cookie && { cookie }) },
    ...(keeps && body && { body }),
  };
}

function targetOf({ path, query = {} }: HttpSpec): string {
  const parameters = searchOf(query);
  const target = parameters === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${parameters}`;
  return target.replace(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character));
}

function searchOf(fields: Readonly<Record<string, string | string[]>>): string {
  const pairs = Object.entries(fields).flatMap(([name, values]) => [values].flat().map((value) => [name, value]));
  return new URLSearchParams(pairs as [string, string][]).toString();
}

function authorization({ basic, bearer }: HttpSpec): Record<string, string> {
  if (bearer !== undefined) return { authorization: `Bearer ${bearer}` };
  if (!basic) return {};
  return { authorization: `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString('base64')}` };
}

interface Body {
  readonly type?: string;
  readonly content?: Buffer;
}

function bodyOf({ body, json, form, multipart, content }: HttpSpec): Body {
  if (json !== undefined) return { type: 'application/json', content: Buffer.from(JSON.stringify(json)) };
  if (form) return { type: 'application/x-www-form-urlencoded', content: Buffer.from(searchOf(form)) };
  if (multipart) return { type: `multipart/form-data; boundary=${BOUNDARY}`, content: multipartOf(multipart) };
  if (content) return { type: 'application/octet-stream', content };
  return body === undefined ? {} : { content: Buffer.from(body) };
}

/** The same in every run, so that servers which echo it give the same answer. */
const BOUNDARY = '----trace-slim-7MA4YWxkTrZu0gW';

function multipartOf(parts: NonNullable<HttpSpec['multipart']>): Buffer {
  const pieces = Object.entries(parts).flatMap(([name, part]) => {
    const head = `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${quoted(name)}"`;
    if (typeof part === 'string') return [`${head}\r\n\r\n${part}\r\n`];
    const filename = quoted(part.filename ?? part.file.slice(part.file.lastIndexOf('/') + 1));
    const type = part.type ?? 'application/octet-stream';
    const content = 'content' in part ? part.content : Buffer.alloc(0);
    return [`${head}; filename="${filename}"\r\ncontent-type: ${type}\r\n\r\n`, content, '\r\n'];
  });
  return Buffer.concat([...pieces, `--${BOUNDARY}--\r\n`].map((piece) => Buffer.from(piece)));
}

function quoted(text: string): string {
  return text.replace(/["\r\n]/g, (character) => encodeURIComponent(character));
}
