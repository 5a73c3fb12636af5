import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Readable } from 'node:stream';
import type { Client } from 'undici';
import type { Endpoint } from '../engine/types.ts';
import { errnoOf } from '../errors.ts';
import { decodeContent } from './content-coding.ts';
import { startDeadline } from './deadline.ts';

/** Bytes of a body that are stored; the rest is counted and hashed. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** A body longer than this is taken for one that never ends. */
const MAX_READ_BYTES = 1024 * 1024 * 1024;

/** `h2`: HTTP/2 over TLS; `h2c`: HTTP/2 without, with prior knowledge. */
export type Scheme = 'http' | 'https' | 'h2' | 'h2c';

/** One HTTP request as it is sent. */
export interface HttpRequest {
  readonly method: string;
  /** Path and query, as in the request line. */
  readonly target: string;
  /** Lower-case names. `host` is included. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body?: Buffer;
}

export interface HttpBody {
  /** All bytes, decompressed; undefined when there are more than are stored. */
  readonly bytes: Buffer | undefined;
  readonly length: number;
  readonly sha256: string;
  /** Why the body's end was not seen. */
  readonly unfinished?: string;
}

/**
 * What came back. `refused`, `closed`: no answer at all; `malformed`: bytes that are not HTTP; `timeout`: nothing in time;
 * `invalid`: the request cannot be sent; `ended`: nobody is left to ask.
 */
export type HttpReply =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Readonly<Record<string, string | string[] | undefined>>;
      readonly body: HttpBody;
    }
  | {
      readonly kind: 'failure';
      readonly reason: 'refused' | 'closed' | 'malformed' | 'timeout' | 'invalid' | 'ended';
      readonly text: string;
    };

/** Answers of these types go on until one side has had enough. */
const ENDLESS_TYPES = /^(?:text\/event-stream|multipart\/x-mixed-replace)\b/i;

/**
 * Sends one request over a connection of its own (HTTP/1.1, any certificate, redirects not followed) and reads the
 * answer. Resolves for everything a server can do; rejects only with the signal's reason.
 */
export async function exchange(
  endpoint: Endpoint,
  scheme: Scheme,
  request: HttpRequest,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<HttpReply> {
  using deadline = startDeadline(signal, timeoutMs);
  const client = await connect(endpoint, scheme, timeoutMs);
  try {
    const { target: path, method, headers, body } = request;
    const sent = client.request({ path, method, headers, body: body ?? null, signal: deadline.signal });
    // The client minds its signal only once it is connected, and a TLS handshake may never end.
    const answer = await Promise.race([sent, abortOf(deadline.signal)]);
    const { statusCode: status, headers: received } = answer;
    const read = await readBodyOf(received, answer.body, () => deadline.expired());
    signal.throwIfAborted();
    return { kind: 'answer', status, headers: received, body: read };
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.expired())
      return { kind: 'failure', reason: 'timeout', text: `no answer within ${timeoutMs / 1000} s` };
    return failureOf(error);
  } finally {
    await client.destroy();
  }
}

/**
 * Loads the HTTP client. It takes longer than most requests, so it is done while the application starts. By `require`,
 * since `import()` gave an empty module on Node 20 where node_modules is a symbolic link.
 */
export async function prepareExchange(): Promise<typeof import('undici')> {
  return createRequire(import.meta.url)('undici');
}

function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
  });
}

async function connect(endpoint: Endpoint, scheme: Scheme, timeoutMs: number): Promise<Client> {
  const { Client } = await prepareExchange();
  const options = { headersTimeout: 0, bodyTimeout: 0, maxHeaderSize: 256 * 1024 };
  const connectOptions = { rejectUnauthorized: false, timeout: timeoutMs };
  if ('socketPath' in endpoint) {
    return new Client(`${scheme}://localhost`, {
      ...options,
      socketPath: endpoint.socketPath,
      connect: connectOptions,
    });
  }
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
  return new Client(`${scheme}://${host}:${endpoint.port}`, { ...options, connect: connectOptions });
}

/** Reads a body to its end, unless its type says that it has none, and decompresses it. `expired` tells whether the time is up. */
export async function readBodyOf(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: Readable,
  expired: () => boolean,
): Promise<HttpBody> {
  if (!ENDLESS_TYPES.test(String(headers['content-type'] ?? '')))
    return decoded(await readBody(body, expired), String(headers['content-encoding'] ?? ''));
  body.on('error', () => {}).destroy();
  return { bytes: undefined, length: 0, sha256: '', unfinished: 'it never ends' };
}

function decoded(body: HttpBody, coding: string): HttpBody {
  const bytes = body.bytes && !body.unfinished && decodeContent(body.bytes, coding, MAX_BODY_BYTES);
  if (!bytes) return body;
  return { bytes, length: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

async function readBody(body: AsyncIterable<Buffer>, expired: () => boolean): Promise<HttpBody> {
  const hash = createHash('sha256');
  const stored: Buffer[] = [];
  let length = 0;
  let unfinished: string | undefined;
  try {
    for await (const chunk of body) {
      hash.update(chunk);
      length += chunk.length;
      if (length <= MAX_BODY_BYTES) stored.push(chunk);
      if (length > MAX_READ_BYTES) {
        unfinished = 'it is too long';
        break;
      }
    }
  } catch {
    unfinished = expired() ? 'the time was up' : 'the connection was closed';
  }
  const bytes = length <= MAX_BODY_BYTES ? Buffer.concat(stored) : undefined;
  return { bytes, length, sha256: hash.digest('hex'), ...(unfinished && { unfinished }) };
}

type FailureReason = Extract<HttpReply, { kind: 'failure' }>['reason'];

const FAILURES: readonly { readonly code: RegExp; readonly reason: FailureReason; readonly text: string }[] = [
  { code: /^(?:ECONNREFUSED|ENOENT|EHOSTUNREACH|ENETUNREACH)$/, reason: 'refused', text: 'connection refused' },
  {
    code: /^(?:ECONNRESET|EPIPE|UND_ERR_SOCKET|ERR_HTTP2_(?:STREAM|SESSION|GOAWAY).*)$/,
    reason: 'closed',
    text: 'connection closed without an answer',
  },
  {
    code: /^(?:HPE_|HTTPParserError$|UND_ERR_(?:HEADERS_OVERFLOW|RES_)|ERR_HTTP2_ERROR$)/,
    reason: 'malformed',
    text: 'the answer is not HTTP',
  },
  { code: /^(?:EPROTO|ERR_SSL_|ERR_TLS_)/, reason: 'malformed', text: 'the answer is not TLS' },
  {
    code: /^(?:UND_ERR_(?:INVALID_ARG|NOT_SUPPORTED|REQ_)|ERR_HTTP2_INVALID_|ERR_INVALID_|ERR_HTTP_INVALID_)/,
    reason: 'invalid',
    text: 'the request cannot be sent',
  },
];

/** What a failed request came to. Throws the error when a server cannot have caused it. */
export function failureOf(error: unknown): HttpReply {
  const code = errnoOf(error) ?? (error instanceof Error ? error.name : '');
  const known = FAILURES.find((failure) => failure.code.test(code));
  if (!known) throw error;
  return { kind: 'failure', reason: known.reason, text: known.text };
}
