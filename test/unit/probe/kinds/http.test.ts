import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../../../src/engine/types.ts';
import type { Outcome } from '../../../../src/probe/types.ts';
import { fakeContainer } from '../../../support/fake-container.ts';
import { probesOfText, runAll } from '../../../support/probe-files.ts';
import { httpServer, type TestServer } from '../../../support/servers.ts';

const containerAt = (endpoint: Endpoint) => fakeContainer({ endpoints: { 8080: endpoint } });

async function answers(server: TestServer, probes: string, files: Record<string, string | Buffer> = {}) {
  const made = await probesOfText(probes, { ExposedPorts: { '8080/tcp': {} } }, files);
  return runAll(made, containerAt(server.endpoint));
}

const factOf = (outcome: Outcome | undefined, name: string) => outcome?.facts.find((fact) => fact.name === name)?.value;

/** Answers with what it was sent. */
async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method, url, headers } = request;
  const { 'content-type': type, authorization, cookie, 'x-a': extra } = headers;
  const body = Buffer.concat(chunks).toString('latin1');
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ method, url, type, authorization, cookie, extra, body }));
}

async function sent(http: string, files: Record<string, string | Buffer> = {}): Promise<Record<string, unknown>> {
  await using server = await httpServer((request, response) => void echo(request, response));
  const [outcome] = await answers(server, `probes: [{ http: ${http} }]`, files);
  return JSON.parse(Buffer.from(factOf(outcome, 'body') ?? '{}', 'latin1').toString());
}

describe('an HTTP request of a probe file', () => {
  it.each([
    ['GET /a?b=c', { method: 'GET', url: '/a?b=c', body: '' }],
    ['{ path: /a?b=c, query: { d: [1, 2], e: "ü&" } }', { url: '/a?b=c&d=1&d=2&e=%C3%BC%26' }],
    ['{ path: /, method: PUT, body: hello }', { method: 'PUT', body: 'hello' }],
    ['{ path: /, method: POST, json: { a: [1] } }', { type: 'application/json', body: '{"a":[1]}' }],
    [
      '{ path: /, method: POST, form: { a: 1, b: [x, "y z"] } }',
      { type: 'application/x-www-form-urlencoded', body: 'a=1&b=x&b=y+z' },
    ],
    ['{ path: /, basic: { username: me, password: "x:y" } }', { authorization: 'Basic bWU6eDp5' }],
    ['{ path: /, bearer: abc }', { authorization: 'Bearer abc' }],
    ['{ path: /, headers: { X-A: b, Content-Type: text/x }, body: "1", method: POST }', { extra: 'b', type: 'text/x' }],
  ])('%s is sent', async (http, expected) => {
    expect(await sent(http)).toMatchObject(expected);
  });

  it('has the files it names', async () => {
    const files = { 'a.bin': Buffer.from([0, 255]), 'b.txt': 'text' };
    expect(await sent('{ path: /, method: POST, file: a.bin }', files)).toMatchObject({
      type: 'application/octet-stream',
      body: '\u0000ÿ',
    });
    const parts = '{ field: 1, upload: { file: b.txt, filename: "c\\"d.txt", type: text/plain } }';
    const { type, body } = await sent(`{ path: /, method: POST, multipart: ${parts} }`, files);
    const boundary = /boundary=(.*)$/.exec(String(type))?.[1];
    expect(String(body).split('\r\n')).toEqual([
      `--${boundary}`,
      'content-disposition: form-data; name="field"',
      '',
      '1',
      `--${boundary}`,
      'content-disposition: form-data; name="upload"; filename="c%22d.txt"',
      'content-type: text/plain',
      '',
      'text',
      `--${boundary}--`,
      '',
    ]);
  });
});

/** A site with a login that needs a token from its form and a cookie from its login. */
function site(request: IncomingMessage, response: ServerResponse): void {
  const { method, url, headers } = request;
  if (url === '/login' && method === 'GET') {
    response.setHeader('set-cookie', ['csrf=c1; Path=/', 'deep=1; Path=/admin']);
    response.end('<input name="token" value="t&1">');
  } else if (url === '/login') {
    const isRight = headers.cookie === 'csrf=c1' && headers['x-token'] === 't&1' && headers['x-csrf'] === 'c1';
    response.statusCode = isRight ? 302 : 403;
    response.setHeader('set-cookie', 'session=s1; Path=/; HttpOnly');
    response.setHeader('location', '/admin/?a=1');
    response.end();
  } else if (url === '/admin/?a=1') {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ cookie: headers.cookie, method, user: { id: 7 } }));
  } else {
    response.statusCode = url === '/users/7' ? 200 : 404;
    response.setHeader('x-user', '7');
    response.end();
  }
}

const LOGIN = `
probes:
  - name: admin
    repeat: 2
    sequence:
      - http:
          path: /login
          capture: { token: { body: 'value="([^"]+)"' }, csrf: { cookie: csrf } }
      - name: login
        http: { method: POST, path: /login, headers: { x-token: "\${token}", x-csrf: "\${csrf}" }, body: a, follow: 2,
          capture: { id: { json: $.user.id } } }
        expect: { status: 200, json: { $.user.id: 7, $.cookie: { contains: session=s1 } } }
      - http: GET /users/\${id}
        expect: { status: 200, headers: { x-user: { equals: "\${id}" } } }
`;

describe('a sequence', () => {
  it('keeps cookies and captured values from one step to the next, and for itself', async () => {
    await using server = await httpServer(site);
    const outcomes = await answers(server, LOGIN);
    expect(outcomes.map(({ probe, ok, summary }) => [probe, ok, summary])).toEqual(
      ['', ' (2)'].flatMap((count) => [
        [`admin: http GET :8080/login${count}`, true, '200 32 B'],
        [`admin: login${count}`, true, '200 application/json 71 B'],
        [`admin: http GET :8080/users/\${id}${count}`, true, '200 0 B'],
      ]),
    );
    expect(JSON.parse(factOf(outcomes[1], 'body') ?? '')).toEqual({
      cookie: 'deep=1; csrf=c1; session=s1',
      method: 'GET',
      user: { id: 7 },
    });
    expect(factOf(outcomes[1], 'redirects')).toBe('302 /admin/?a=1');
  });

  it('says what it could not capture, and does not send what needs it', async () => {
    const asked: string[] = [];
    await using server = await httpServer((request, response) => {
      asked.push(request.url ?? '');
      response.end('nothing');
    });
    const steps = `[{ http: { path: /a, capture: { id: { header: x-id } } } }, { http: "GET /b/\${id}" }]`;
    const outcomes = await answers(server, `probes: [{ sequence: ${steps} }]`);
    expect(outcomes.map(({ ok, summary }) => [ok, summary])).toEqual([
      [false, '200 7 B: nothing to capture as id'],
      [false, 'nothing was captured as id'],
    ]);
    expect(asked).toEqual(['/a']);
  });

  it('starts anew in every container', async () => {
    const cookies: (string | undefined)[] = [];
    await using server = await httpServer((request, response) => {
      cookies.push(request.headers.cookie);
      response.setHeader('set-cookie', 'a=1').end();
    });
    const probes = await probesOfText('probes: [{ sequence: [{ http: GET /a }, { http: GET /b }] }]');
    await runAll(probes, containerAt(server.endpoint));
    await runAll(probes, containerAt(server.endpoint));
    expect(cookies).toEqual([undefined, 'a=1', undefined, 'a=1']);
  });
});

describe('redirects', () => {
  const hops: Record<string, [number, string]> = {
    '/1': [302, '/2'],
    '/2': [307, 'http://localhost:8080/3'],
    '/3': [301, 'http://elsewhere.example/'],
  };
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const [status, location] = hops[request.url ?? ''] ?? [200, ''];
    response.writeHead(status, { location }).end();
  };

  it.each([
    ['GET /1', '302 to /2 0 B'],
    ['{ path: /1, follow: 1 }', '307 to http://localhost:8080/3 0 B'],
    ['{ path: /1, follow: 9 }', '301 to http://elsewhere.example/ 0 B'],
  ])('of %s are followed as often as asked for, on the same server', async (http, summary) => {
    await using server = await httpServer(listener);
    const [outcome] = await answers(server, `probes: [{ http: ${http} }]`);
    expect(outcome?.summary).toBe(summary);
  });
});
