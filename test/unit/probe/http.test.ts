import type { RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { httpProbe } from '../../../src/probe/http.ts';
import { HttpOrigins } from '../../../src/probe/origins.ts';
import type { Outcome } from '../../../src/probe/types.ts';
import type { HttpCommand } from '../../../src/settings.ts';
import { execResult, type FakeContainerOptions, fakeContainer } from '../../support/fake-container.ts';
import { httpServer, httpsServer, type TestServer, tcpServer, unixHttpServer } from '../../support/servers.ts';

const signal = new AbortController().signal;
const GET: HttpCommand = { method: 'GET', resource: '/', headers: [], crawl: false };

interface Sent {
  readonly command?: Partial<HttpCommand>;
  readonly origins?: HttpOrigins;
  readonly timeoutMs?: number;
  readonly container?: FakeContainerOptions;
}

async function probe(server: Pick<TestServer, 'endpoint'>, sent: Sent = {}): Promise<Outcome> {
  const container = fakeContainer({ endpoints: { 8080: server.endpoint }, ...sent.container });
  const { origins = new HttpOrigins(0), timeoutMs = 5000 } = sent;
  const created = httpProbe({ id: 'p', listener: 8080, command: { ...GET, ...sent.command }, timeoutMs, origins });
  const [outcome] = await created.run(container, { signal });
  return outcome as Outcome;
}

const fact = (outcome: Outcome, name: string) => outcome.facts.find((found) => found.name === name);

describe('an HTTP probe', () => {
  it('compares what a compressed body says', async () => {
    await using server = await httpServer((_, response) => {
      response.setHeader('content-type', 'text/plain').setHeader('content-encoding', 'gzip').end(gzipSync('hello'));
    });
    expect(fact(await probe(server), 'body')).toEqual({ name: 'body', value: 'hello', compare: 'text' });
  });

  it('reports status, content type and text body over a unix socket', async () => {
    await using server = await unixHttpServer((_, response) => {
      response.setHeader('content-type', 'text/plain; charset=utf-8').setHeader('x-request-id', 'r1').end('grüße\n');
    });
    const outcome = await probe(server);
    expect(outcome).toMatchObject({ ok: true, summary: '200 text/plain 8 B' });
    expect(outcome.facts.slice(0, 2)).toEqual([
      { name: 'status', value: '200', compare: 'exact' },
      { name: 'header content-type', value: 'text/plain; charset=utf-8', compare: 'exact' },
    ]);
    expect(fact(outcome, 'header x-request-id')).toMatchObject({ value: 'r1', compare: 'shown' });
    expect(fact(outcome, 'body')).toEqual({ name: 'body', value: 'gr\xc3\xbc\xc3\x9fe\n', compare: 'text' });
  });

  it('sends method, headers, credentials and body', async () => {
    let seen: unknown;
    await using server = await httpServer(async (request, response) => {
      const { method, url, headers } = request;
      seen = { method, url, host: headers.host, token: headers['x-token'], authorization: headers.authorization };
      for await (const chunk of request) seen = { ...(seen as object), body: String(chunk) };
      response.end();
    });
    const command = { method: 'POST', resource: '/ü?a=b c', headers: ['X-Token: t:1'], body: Buffer.from('hi') };
    await probe(server, { command: { ...command, username: 'me', password: 'pw' } });
    const url = '/%C3%BC?a=b%20c';
    const authorization = `Basic ${Buffer.from('me:pw').toString('base64')}`;
    expect(seen).toEqual({ method: 'POST', url, host: 'localhost:8080', token: 't:1', authorization, body: 'hi' });
  });

  it('gives up on a server that never ends its TLS handshake', async () => {
    await using server = await tcpServer(() => {});
    const outcome = await probe(server, { command: { protocol: 'https' }, timeoutMs: 50 });
    expect(outcome).toMatchObject({ ok: false, summary: 'no answer within 0.05 s' });
  });

  it('does not follow a redirect and shows where it leads', async () => {
    await using server = await httpServer((_, response) => response.writeHead(302, { location: '/login' }).end());
    const outcome = await probe(server);
    expect(outcome).toMatchObject({ ok: true, summary: '302 to /login 0 B' });
    expect(fact(outcome, 'header location')).toMatchObject({ value: '/login', compare: 'text' });
  });

  it.each([
    [404, true],
    [500, false],
    [503, false],
  ])('takes status %i for ok: %s', async (status, ok) => {
    await using server = await httpServer((_, response) => response.writeHead(status).end('x'));
    expect((await probe(server)).ok).toBe(ok);
  });

  it('compares a binary body by its digest', async () => {
    await using server = await httpServer((_, response) => {
      response.setHeader('content-type', 'image/png').end(Buffer.from([0x89, 0x50, 0, 0xff]));
    });
    const body = fact(await probe(server), 'body');
    expect(body).toMatchObject({ compare: 'exact', value: expect.stringMatching(/^sha256:[0-9a-f]{64} 4 B$/) });
  });

  it('keeps control characters of headers out of the summary', async () => {
    await using server = await tcpServer((socket) => {
      socket.once('data', () =>
        socket.end('HTTP/1.1 200 OK\r\nContent-Type: a\x9b31m\r\nContent-Length: 0\r\n\r\n', 'latin1'),
      );
    });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect((await probe(server)).summary).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  });

  it('does not wait for an event stream to end', async () => {
    await using server = await httpServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    });
    const outcome = await probe(server);
    expect(outcome.ok).toBe(true);
    expect(fact(outcome, 'body')?.compare).toBe('shown');
  });

  it('tells a body that did not end in time from one that did', async () => {
    await using server = await httpServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).write('half');
    });
    const outcome = await probe(server, { timeoutMs: 100 });
    expect(fact(outcome, 'body')).toMatchObject({ compare: 'shown', value: expect.stringContaining('time was up') });
  });

  it('is not ok when there is no answer in time', async () => {
    await using server = await httpServer(() => {});
    expect(await probe(server, { timeoutMs: 50 })).toMatchObject({ ok: false, summary: 'no answer within 0.05 s' });
  });

  it('is not ok when the connection is refused', async () => {
    const server = await httpServer(() => {});
    await server[Symbol.asyncDispose]();
    expect(await probe(server)).toMatchObject({ ok: false, summary: 'connection refused' });
  });

  it('is not ok when the answer is not HTTP', async () => {
    await using server = await tcpServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    expect(await probe(server)).toMatchObject({ ok: false, summary: 'the answer is not HTTP' });
  });

  it('asks again while the server closes connections because it is still starting', async () => {
    let connections = 0;
    await using server = await tcpServer((socket) => {
      connections += 1;
      if (connections < 6) socket.destroy();
      else socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
    });
    const origins = new HttpOrigins(5000);
    expect(await probe(server, { origins, command: { protocol: 'http' } })).toMatchObject({ ok: true });
    expect(connections).toBe(6);
  });

  it('does not ask again once the port has answered, nor when the container has ended', async () => {
    let requests = 0;
    const listener: RequestListener = (request, response) => {
      requests += 1;
      if (request.url === '/crash') request.socket.destroy();
      else response.end();
    };
    await using server = await httpServer(listener);
    const origins = new HttpOrigins(60_000);
    const container = fakeContainer({ endpoints: { 8080: server.endpoint } });
    for (const resource of ['/', '/crash']) {
      const command = { ...GET, resource };
      await httpProbe({ id: 'p', listener: 8080, command, timeoutMs: 5000, origins }).run(container, { signal });
    }
    expect(requests).toBe(2);
    const ended = { result: () => execResult({ exitStatus: 1 }) };
    const outcome = await probe(server, { command: { resource: '/crash' }, origins, container: ended });
    expect(outcome).toMatchObject({ ok: false, summary: 'the application has ended' });
    expect(requests).toBe(2);
  });
});

describe('the scheme of a port', () => {
  it('is found to be TLS with any certificate, once', async () => {
    let plainAttempts = 0;
    await using server = await httpsServer((_, response) => response.end('secure'));
    const origins = new HttpOrigins(0);
    expect(await probe(server, { origins })).toMatchObject({ ok: true });
    await using plain = await httpServer((_, response) => {
      plainAttempts += 1;
      response.end();
    });
    expect((await probe(plain, { origins })).ok).toBe(false);
    expect(plainAttempts).toBe(0);
  });

  it('stays plain for an ordinary bad request', async () => {
    await using server = await httpServer((_, response) => response.writeHead(400).end('no'));
    expect(await probe(server)).toMatchObject({ ok: true, summary: '400 2 B' });
  });

  it('stays plain when a 400 speaks of https but there is no TLS', async () => {
    await using server = await httpServer((_, response) =>
      response.writeHead(400).end('plain HTTP request sent to HTTPS port'),
    );
    expect(fact(await probe(server), 'status')?.value).toBe('400');
  });

  it('is the one that was asked for', async () => {
    await using server = await httpServer((_, response) => response.end());
    expect((await probe(server, { command: { protocol: 'https' } })).ok).toBe(false);
  });
});
