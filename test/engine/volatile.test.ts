import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { buildSlim } from '../../src/pipeline.ts';
import { PLAIN_CONTAINER } from '../../src/settings.ts';
import { temporaryDirectory, testContext } from '../support/engine.ts';
import { fixtureImage } from '../support/fixture-images.ts';
import { buildSettings, defaultProbes } from '../support/settings.ts';

const work = temporaryDirectory();
afterAll(() => work[Symbol.dispose]());

/** Everything that differs from run to run, in text, in JSON and in headers; the counter starts anywhere. */
const SERVER = `
import datetime, http.server, json, os, random, secrets, time, uuid
counter = random.randrange(1000, 1000000)
names = ['ada', 'bob', 'cleo', 'dan', 'eve', 'flo']
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global counter
        counter += 1
        random.shuffle(names)
        now = datetime.datetime.now()
        text = f'<p>{now:%A, %d %B %Y %H:%M:%S}<p>token {secrets.token_urlsafe(32)}<p>visit no. {counter}<p>{os.getpid()}'
        data = {'now': now.isoformat(), 'epoch': time.time(), 'token': secrets.token_hex(16), 'id': str(uuid.uuid4()),
            'counter': counter, 'users': names, 'sessions': {secrets.token_hex(8): {'user': 'ada'}}, 'status': 'ok'}
        isJson = self.path == '/data.json'
        body = json.dumps(data) if isJson else text + '<p><a href="/data.json">data</a>'
        self.send_response(200)
        self.send_header('Content-Type', 'application/json' if isJson else 'text/html')
        self.send_header('Set-Cookie', f'session={secrets.token_hex(16)}; HttpOnly')
        self.send_header('X-Request-Id', str(uuid.uuid4()))
        self.send_header('X-Visit', str(counter))
        self.end_headers()
        self.wfile.write(body.encode())
http.server.HTTPServer(('', 8000), Handler).serve_forever()
`;

/** The time without its zone next to a token, in text and in JSON, and a text from a file that may be missing. */
const CLOCK = `
import http.server, json, secrets, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try: text = open('/usr/share/common-licenses/BSD').read(9)
        except OSError: text = ''
        now, token = time.strftime('%Y-%m-%d %H:%M:%S'), secrets.token_hex(8)
        self.send_response(200 if self.path in ['/', '/time'] else 404)
        self.send_header('Content-Type', 'text/html')
        self.end_headers()
        page = 'none' if self.path not in ['/', '/time'] else f'{now} {token}' if self.path == '/time' else f'<p>{token}</p><p>{text}</p><a href="/time">time</a>'
        self.wfile.write(page.encode())
http.server.HTTPServer(('', 8000), Handler).serve_forever()
`;

test('a missing time zone and a missing text are found next to what is volatile', async () => {
  const run = { config: { Cmd: ['python3', '-c', CLOCK] }, env: ['TZ=Europe/Berlin'], container: PLAIN_CONTAINER };
  const source = `docker-archive:${fixtureImage('python-site')}`;
  const output = `docker-archive:${join(work.path, 'clock.tar')}`;
  const probes = { ...defaultProbes, healthcheck: false };
  const keep = { includes: [], excludes: ['/usr/share/zoneinfo/**', '/usr/share/common-licenses/**'] };
  const report = await buildSlim(buildSettings(source, output, { run, probes, keep }), testContext());
  const differing = report.probes.filter(({ equal }) => !equal).map(({ probe }) => probe);
  expect(differing).toEqual(['http GET :8000/', 'http GET :8000/time']);
});

test('a server that prints the time, a random token and a counter is verified without any mask', async () => {
  const run = { config: { Cmd: ['python3', '-c', SERVER] }, env: [], container: PLAIN_CONTAINER };
  const source = `docker-archive:${fixtureImage('python-site')}`;
  const output = `docker-archive:${join(work.path, 'volatile.tar')}`;
  const probes = { ...defaultProbes, healthcheck: false };
  const report = await buildSlim(buildSettings(source, output, { run, probes }), testContext());
  expect(report.probes.flatMap(({ differences }) => differences)).toEqual([]);
  expect(report.status).toBe('verified');
  expect(report.probes.map(({ probe }) => probe)).toContain('http GET :8000/data.json');
});
