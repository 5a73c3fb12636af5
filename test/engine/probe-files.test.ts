import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { buildSlim } from '../../src/pipeline.ts';
import { loadProbeFile } from '../../src/probe/file/load.ts';
import type { ProbeSettings } from '../../src/settings.ts';
import { temporaryDirectory, testContext } from '../support/engine.ts';
import { fixtureImage } from '../support/fixture-images.ts';
import { buildSettings, defaultProbes } from '../support/settings.ts';

const work = temporaryDirectory();
afterAll(() => work[Symbol.dispose]());

/** A server that lets those in who come with its cookie and its token. */
const SERVER = `
import http.server, secrets
TOKEN = secrets.token_hex(8)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.headers.get('Cookie') == 'known=yes'
        self.send_response(200 if self.path == '/' or (known and self.path == '/' + TOKEN) else 403)
        self.send_header('Set-Cookie', 'known=yes')
        self.end_headers()
        self.wfile.write(TOKEN.encode() if self.path == '/' else open('/etc/debian_version', 'rb').read())
http.server.ThreadingHTTPServer(('', 9000), Handler).serve_forever()
`;

const FILE = `
version: 1
defaults: { port: 8000 }
setup:
  - exec: [python3, -c, "print('set up')"]
probes:
  - http: GET /api/products
    expect: { status: 200, json: { "$[0].slug": blue-bowl } }
  - http: GET /boom
    expect: { status: 5xx }
  - name: host
    host-exec: 'test -n "$TRACE_SLIM_CONTAINER" && echo "at $TRACE_SLIM_URL"'
    expect: { stdout: { equals: "at http://127.0.0.1:8000" } }
scenarios:
  - name: guarded
    command: [python3, -c, ${JSON.stringify(SERVER)}]
    port: 9000
    probes:
      - sequence:
          - http: { path: /, capture: { token: { body: .+ } } }
          - name: entry
            http: "GET /\${token}"
            expect: { status: 200 }
  - name: clock
    command: [python3, -c, "import zoneinfo; print(zoneinfo.ZoneInfo('Asia/Tokyo'))"]
    probes: []
`;

async function probes(text: string): Promise<ProbeSettings> {
  const path = join(work.path, 'probes.yaml');
  await writeFile(path, text);
  return { ...defaultProbes, http: { ...defaultProbes.http, enabled: false }, files: [await loadProbeFile(path)] };
}

test('a probe file is done on both images, and the slim one has what each scenario needs', async () => {
  const source = `docker-archive:${fixtureImage('python-site')}`;
  const output = `docker-archive:${join(work.path, 'slim.tar')}`;
  const report = await buildSlim(buildSettings(source, output, { probes: await probes(FILE) }), testContext());
  expect(report.status).toBe('verified');
  expect(report.probes.map(({ probe, slim, equal }) => [probe, slim?.ok, equal])).toEqual(
    [
      'command',
      'healthcheck',
      "setup: exec python3 -c print('set up')",
      'http GET :8000/api/products',
      'http GET :8000/boom',
      'host',
      'guarded: command',
      'guarded: http GET :9000/',
      'guarded: entry',
      'clock: command',
    ].map((probe) => [probe, true, true]),
  );
  const kept = report.kept.map(({ path }) => path);
  expect(kept).toContain('/etc/debian_version');
  expect(kept).toContain('/usr/share/zoneinfo/Asia/Tokyo');
});

const tlsFile = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url), 'utf8');

const HTTP2 = `
error_log stderr;
events {}
http {
  access_log off;
  server { listen 9080 http2; location / { return 200 plain; } }
  server {
    listen 9443 ssl http2;
    ssl_certificate /tmp/crt;
    ssl_certificate_key /tmp/key;
    location / { return 200 "$server_protocol $ssl_protocol"; }
  }
}
`;

test('a server that speaks HTTP/2 only is probed and replayed, with and without TLS', async () => {
  const start =
    'printf %s "$CONF" >/tmp/conf; printf %s "$CRT" >/tmp/crt; printf %s "$KEY" >/tmp/key; exec nginx -g "daemon off;" -c /tmp/conf';
  const scenario = {
    name: 'http2',
    entrypoint: ['/bin/sh', '-c', start],
    env: { CONF: HTTP2, CRT: tlsFile('localhost.crt'), KEY: tlsFile('localhost.key') },
    probes: [
      { http: { port: 9080, protocol: 'h2c' }, expect: { status: 200, body: 'plain' } },
      { http: { port: 9443, protocol: 'h2' }, expect: { status: 200, body: 'HTTP/2.0 TLSv1' } },
    ],
  };
  const source = `docker-archive:${fixtureImage('nginx')}`;
  const output = `docker-archive:${join(work.path, 'http2.tar')}`;
  const text = JSON.stringify({ version: 1, scenarios: [scenario] });
  const report = await buildSlim(buildSettings(source, output, { probes: await probes(text) }), testContext());
  expect(report.probes.map(({ probe, slim, equal }) => [probe, slim?.ok, equal])).toEqual(
    ['http2: command', 'http2: http GET :9080/ (h2c)', 'http2: http GET :9443/ (h2)'].map((id) => [id, true, true]),
  );
  expect(report.status).toBe('verified');
});

test('all that is expected and does not come on the original image is told when that ends the build', async () => {
  const source = `docker-archive:${fixtureImage('python-site')}`;
  const text = `version: 1
probes:
  - { http: GET /api/products, expect: { json: { "$[0].slug": red-bowl } } }
  - { http: GET /, expect: { status: 418 } }`;
  const building = buildSlim(
    buildSettings(source, `docker-archive:${join(work.path, 'x.tar')}`, { probes: await probes(text) }),
    testContext(),
  );
  await expect(building).rejects.toMatchObject({
    code: 'PROBE_FAILED',
    message: expect.stringMatching(
      /^2 probes fail on .*:\n {2}http .*\$\[0\].slug expected to be "red-bowl", is "blue-bowl"\n {2}http GET :8000\/: .*418/,
    ),
  });
});
