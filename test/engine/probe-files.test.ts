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

test('what is expected and does not come on the original image ends the build', async () => {
  const source = `docker-archive:${fixtureImage('python-site')}`;
  const text = 'version: 1\nprobes: [{ http: GET /api/products, expect: { json: { "$[0].slug": red-bowl } } }]';
  const building = buildSlim(
    buildSettings(source, `docker-archive:${join(work.path, 'x.tar')}`, { probes: await probes(text) }),
    testContext(),
  );
  await expect(building).rejects.toMatchObject({
    code: 'PROBE_FAILED',
    message: expect.stringContaining('$[0].slug expected to be "red-bowl", is "blue-bowl"'),
  });
});
