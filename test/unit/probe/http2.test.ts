import { readFile } from 'node:fs/promises';
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { HttpRequest } from '../../../src/probe/exchange.ts';
import { exchangeHttp2 } from '../../../src/probe/http2.ts';
import { tcpServer } from '../../support/servers.ts';

type OnStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

async function http2Server(scheme: 'h2' | 'h2c', onStream: OnStream) {
  const tlsFile = (name: string) => readFile(new URL(`../../../fixtures/tls/${name}`, import.meta.url));
  const server: Http2Server =
    scheme === 'h2c'
      ? createServer()
      : createSecureServer({ key: await tlsFile('localhost.key'), cert: await tlsFile('localhost.crt') });
  server.on('stream', onStream);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: { host: '127.0.0.1', port },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

const REQUEST: HttpRequest = { method: 'GET', target: '/a?b', headers: { host: 'localhost:8080', 'x-a': 'b' } };
const options = (timeoutMs = 10_000) => ({ timeoutMs, signal: new AbortController().signal });

describe.each(['h2', 'h2c'] as const)('a request over %s', (scheme) => {
  it('is answered as over HTTP/1.1', async () => {
    await using server = await http2Server(scheme, (stream, headers) => {
      stream.respond({ ':status': 201, 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'] });
      stream.end(`${headers[':method']} ${headers[':path']} ${headers[':authority']} ${headers['x-a']}`);
    });
    const reply = await exchangeHttp2(server.endpoint, scheme, REQUEST, options());
    expect(reply).toMatchObject({
      kind: 'answer',
      status: 201,
      headers: { 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'] },
    });
    expect(reply.kind === 'answer' && reply.body.bytes?.toString()).toBe('GET /a?b localhost:8080 b');
  });

  it('carries a body', async () => {
    await using server = await http2Server(scheme, (stream) => {
      stream.respond();
      stream.pipe(stream);
    });
    const request = { ...REQUEST, method: 'POST', body: Buffer.from('hello') };
    const reply = await exchangeHttp2(server.endpoint, scheme, request, options());
    expect(reply.kind === 'answer' && reply.body.bytes?.toString()).toBe('hello');
  });

  it('is given up after its time', async () => {
    await using server = await http2Server(scheme, () => {});
    expect(await exchangeHttp2(server.endpoint, scheme, REQUEST, options(50))).toMatchObject({ reason: 'timeout' });
  });

  it('fails where nothing answers, or not in HTTP/2', async () => {
    await using closing = await tcpServer((socket) => socket.end());
    await using garbage = await tcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const nobody = { host: '127.0.0.1', port: 1 };
    expect(await exchangeHttp2(nobody, scheme, REQUEST, options())).toMatchObject({ reason: 'refused' });
    expect(await exchangeHttp2(closing.endpoint, scheme, REQUEST, options())).toMatchObject({ kind: 'failure' });
    expect(await exchangeHttp2(garbage.endpoint, scheme, REQUEST, options())).toMatchObject({ kind: 'failure' });
  });
});
