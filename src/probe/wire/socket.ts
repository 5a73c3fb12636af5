import { connect as connectTcp, type NetConnectOpts, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Endpoint } from '../../engine/types.ts';
import { errnoOf } from '../../errors.ts';

/** Where and how a connection is made. */
export interface Line {
  readonly endpoint: Endpoint;
  /** TLS with any certificate. */
  readonly tls: boolean;
}

/** Starts a connection to an endpoint; it is established or fails later. */
export function startSocket({ endpoint, tls }: Line): Socket {
  const options = connectOptions(endpoint);
  return tls ? connectTls({ ...options, servername: 'localhost', rejectUnauthorized: false }) : connectTcp(options);
}

function connectOptions(endpoint: Endpoint): NetConnectOpts {
  return 'socketPath' in endpoint ? { path: endpoint.socketPath } : { host: endpoint.host, port: endpoint.port };
}

/**
 * A connection that keeps what comes in until it is taken. Reading past `maxBytes` ends it. Its disposal closes the
 * connection; so does an abort of `signal`.
 */
export class Connection implements Disposable {
  readonly socket: Socket;
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #length = 0;
  #end: { readonly error?: unknown } | undefined;
  #wake: () => void = () => {};

  constructor(line: Line, { signal, maxBytes }: { signal: AbortSignal; maxBytes: number }) {
    this.#maxBytes = maxBytes;
    this.socket = startSocket(line);
    this.socket.on('data', (chunk) => this.#take(chunk));
    this.socket.on('error', (error) => this.#finish({ error }));
    this.socket.on('close', () => this.#finish({}));
    this.socket.on('end', () => this.#finish({}));
    signal.addEventListener('abort', () => this.#abort(signal), { once: true });
    if (signal.aborted) this.#abort(signal);
  }

  /** Everything that has come in and was not taken. */
  get received(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  /** Forgets the first `length` bytes of {@link received}. */
  take(length: number): Buffer {
    const { received } = this;
    const taken = received.subarray(0, length);
    this.#chunks = [received.subarray(length)];
    return taken;
  }

  /** Waits for more bytes: true once there are some, false when the other side has closed. Rejects when it broke. */
  async more(signal?: AbortSignal): Promise<boolean> {
    const before = this.#length;
    const wake = () => this.#wake();
    signal?.addEventListener('abort', wake);
    while (this.#length === before && !this.#end && !signal?.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    signal?.removeEventListener('abort', wake);
    if (this.#length > before) return true;
    if (this.#end?.error !== undefined) throw this.#end.error;
    return false;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length > this.#maxBytes) {
      this.socket.destroy();
      this.#end ??= { error: new WireError(`more than ${this.#maxBytes} bytes were sent`) };
    }
    this.#wake();
  }

  #finish(end: { readonly error?: unknown }): void {
    this.#end ??= end;
    this.#wake();
  }

  #abort(signal: AbortSignal): void {
    this.#finish({ error: signal.reason });
    this.socket.destroy();
  }
}

/** What a server sent is not what its protocol says, or too much. An outcome, never a failure of this program. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

const FAILURES: readonly { readonly code: RegExp; readonly text: string }[] = [
  { code: /^(?:ECONNREFUSED|ENOENT|EHOSTUNREACH|ENETUNREACH)$/, text: 'connection refused' },
  { code: /^(?:ECONNRESET|EPIPE|ERR_STREAM_DESTROYED|ERR_STREAM_WRITE_AFTER_END)$/, text: 'connection closed' },
  { code: /^(?:EPROTO|ERR_SSL_|ERR_TLS_)/, text: 'the answer is not TLS' },
];

/** What an error of a connection means for the application, or undefined for an error of this program. */
export function failureText(error: unknown): string | undefined {
  if (error instanceof WireError) return error.message;
  const code = errnoOf(error);
  return code === undefined ? undefined : FAILURES.find((failure) => failure.code.test(code))?.text;
}
