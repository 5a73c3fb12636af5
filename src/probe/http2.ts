import { once } from 'node:events';
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Endpoint } from '../engine/types.ts';
import { startDeadline } from './deadline.ts';
import { failureOf, type HttpReply, type HttpRequest, readBodyOf } from './exchange.ts';

/**
 * As `exchange`, over HTTP/2: with TLS (`h2`, any certificate) or without (`h2c`, prior knowledge).
 */
export async function exchangeHttp2(
  endpoint: Endpoint,
  scheme: 'h2' | 'h2c',
  request: HttpRequest,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<HttpReply> {
  const { connect } = await import('node:http2');
  using deadline = startDeadline(signal, timeoutMs);
  const origin = `${scheme === 'h2' ? 'https' : 'http'}://${request.headers.host ?? 'localhost'}`;
  const session = connect(origin, { createConnection: () => socketTo(endpoint, scheme) });
  const abort = () => session.destroy();
  deadline.signal.addEventListener('abort', abort, { once: true });
  try {
    deadline.signal.throwIfAborted();
    return await ask(session, request, () => deadline.expired());
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.expired())
      return { kind: 'failure', reason: 'timeout', text: `no answer within ${timeoutMs / 1000} s` };
    return failureOf(error);
  } finally {
    session.destroy();
  }
}

function socketTo(endpoint: Endpoint, scheme: 'h2' | 'h2c'): Socket {
  const plain = 'socketPath' in endpoint ? { path: endpoint.socketPath } : { host: endpoint.host, port: endpoint.port };
  if (scheme === 'h2c') return connectTcp(plain);
  return connectTls({ ...plain, ALPNProtocols: ['h2'], servername: 'localhost', rejectUnauthorized: false });
}

/** Headers of one connection, which HTTP/2 does not know. */
const CONNECTION_HEADERS = new Set(['host', 'connection', 'keep-alive', 'transfer-encoding', 'upgrade']);

async function ask(session: ClientHttp2Session, request: HttpRequest, expired: () => boolean): Promise<HttpReply> {
  const { method, target, body } = request;
  const headers = Object.entries(request.headers).filter(([name]) => !CONNECTION_HEADERS.has(name));
  const fields = { ...Object.fromEntries(headers), ':method': method, ':path': target };
  const stream = session.request(fields, { endStream: body === undefined });
  stream.on('error', () => {});
  if (body !== undefined) stream.end(body);
  const [received] = (await Promise.race([once(stream, 'response'), endOf(session)])) as [
    IncomingHttpHeaders & { readonly ':status'?: number },
  ];
  const shown = Object.fromEntries(Object.entries(received).filter(([name]) => !name.startsWith(':')));
  const read = await readBodyOf(shown, stream, expired);
  return { kind: 'answer', status: received[':status'] ?? 0, headers: shown, body: read };
}

/** Rejects when the session fails or ends. */
function endOf(session: ClientHttp2Session): Promise<never> {
  const end = new Promise<never>((_, reject) => {
    session.on('error', reject);
    session.once('close', () => reject(Object.assign(new Error('connection closed'), { code: 'ECONNRESET' })));
  });
  end.catch(() => {});
  return end;
}
