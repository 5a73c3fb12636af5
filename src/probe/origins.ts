import type { Container, Listener } from '../engine/types.ts';
import { exchange, type HttpReply, type HttpRequest, type Scheme } from './exchange.ts';
import { exchangeHttp2 } from './http2.ts';
import { poll } from './poll.ts';

/** A port may be listening before the server behind it answers: this long it may refuse and close. */
const SETTLE_MS = 10_000;

export interface SendOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Undefined: detected at the first answer and remembered. */
  readonly scheme?: Scheme;
}

/**
 * The HTTP servers of one image, by what they listen on. Remembers the scheme of each, so that every run uses the one that was
 * found first, and which ports have been given their time in which container, so that only servers that are still
 * starting are asked again.
 */
export class HttpOrigins {
  readonly #schemes = new Map<Listener, Scheme>();
  readonly #settled = new WeakMap<Container, Set<Listener>>();
  readonly #settleMs: number;

  constructor(settleMs: number = SETTLE_MS) {
    this.#settleMs = settleMs;
  }

  /**
   * Sends a request. The first one to a port of a container is sent again for a while when nothing answers. Rejects only
   * when aborted or when the engine fails.
   */
  async send(container: Container, listener: Listener, request: HttpRequest, options: SendOptions): Promise<HttpReply> {
    let last: HttpReply | undefined;
    const final = await poll(
      async () => {
        last = await this.#sendOnce(container, listener, request, options);
        return this.#isFinal(container, listener, last) ? last : undefined;
      },
      { timeoutMs: this.#settleMs, signal: options.signal },
    );
    const reply = final ?? (last as HttpReply);
    this.#settledIn(container).add(listener);
    return reply;
  }

  #isFinal(container: Container, listener: Listener, reply: HttpReply): boolean {
    if (reply.kind === 'answer' || reply.reason === 'timeout' || reply.reason === 'invalid') return true;
    return reply.reason === 'ended' || this.#settledIn(container).has(listener);
  }

  #settledIn(container: Container): Set<Listener> {
    const known = this.#settled.get(container) ?? new Set<Listener>();
    this.#settled.set(container, known);
    return known;
  }

  async #sendOnce(
    container: Container,
    listener: Listener,
    request: HttpRequest,
    options: SendOptions,
  ): Promise<HttpReply> {
    if (container.result()) return { kind: 'failure', reason: 'ended', text: 'the application has ended' };
    const endpoint = await container.endpoint(listener);
    const scheme = options.scheme ?? this.#schemes.get(listener);
    if (scheme === 'h2' || scheme === 'h2c') return exchangeHttp2(endpoint, scheme, request, options);
    if (scheme) return exchange(endpoint, scheme, request, options);
    const plain = await exchange(endpoint, 'http', request, options);
    if (!mayBeTls(plain)) {
      if (plain.kind === 'answer') this.#schemes.set(listener, 'http');
      return plain;
    }
    const secure = await exchange(endpoint, 'https', request, options);
    if (secure.kind !== 'answer') return plain;
    this.#schemes.set(listener, 'https');
    return secure;
  }
}

/** How servers that want TLS react to a plain request: an alert, silence and a closed connection, or a hint in a 400. */
function mayBeTls(reply: HttpReply): boolean {
  if (reply.kind === 'failure') return reply.reason === 'malformed' || reply.reason === 'closed';
  return reply.status === 400 && /https|ssl|tls/i.test(reply.body.bytes?.subarray(0, 4096).toString('latin1') ?? '');
}
