import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildSlim } from '../../src/pipeline.ts';
import { loadProbeFile } from '../../src/probe/file/load.ts';
import type { Outcome } from '../../src/probe/types.ts';
import type { Report } from '../../src/report/report.ts';
import { stateDirectory } from '../../src/state.ts';
import { leftovers, temporaryDirectory, testContext } from '../support/engine.ts';
import { fixtureImage } from '../support/fixture-images.ts';
import { buildSettings, defaultProbes } from '../support/settings.ts';

const work = temporaryDirectory();

afterAll(() => {
  work[Symbol.dispose]();
  expect(leftovers(stateDirectory())).toMatchObject({ mounts: [], runs: [] });
});

/** Builds a slim image by the probes of a probe file and nothing else. */
async function buildBy(image: string, probes: string): Promise<Report> {
  const file = join(work.path, `${image}.yaml`);
  writeFileSync(file, probes);
  const http = { ...defaultProbes.http, enabled: false };
  const settings = buildSettings(
    `docker-archive:${fixtureImage(image)}`,
    `docker-archive:${join(work.path, `${image}.slim.tar`)}`,
    { probes: { ...defaultProbes, http, healthcheck: false, files: [await loadProbeFile(file)] } },
  );
  return buildSlim(settings, testContext());
}

/** What the slim image did, by probe. */
function outcomesOf(report: Report): Record<string, Outcome | null | undefined> {
  return Object.fromEntries(report.probes.map(({ probe, slim }) => [probe, slim]));
}

const factOf = (outcome: Outcome | null | undefined, name: string) =>
  outcome?.facts.find((fact) => fact.name === name)?.value;
const keptPaths = (report: Report) => report.kept.map(({ path }) => path);

describe('a server of several protocols', () => {
  let report: Report;
  let outcomes: ReturnType<typeof outcomesOf>;

  beforeAll(async () => {
    report = await buildBy(
      'protocols',
      `
version: 1
probes:
  - name: echo
    websocket:
      port: 8080
      path: /echo
      steps:
        - send: hello
        - expect: { equals: hello }
        - send: quote
        - expect: awhile
        - send: { hex: 00ff }
        - expect: {}
        - send: bye
        - close: 4000
  - name: h2c
    http: { port: 8081, protocol: h2c, path: / }
  - name: h2
    http: { port: 8443, protocol: h2, path: / }
  - name: health
    grpc-health: { port: 8081 }
  - name: lines
    tcp:
      port: 7000
      steps:
        - expect: { matches: '^220 ' }
        - send: "ping\\r\\n"
          until: close
  - name: api
    openapi: { port: 8080, path: /openapi.json, methods: all }
  - name: stop
    signal: { send: stop, within: 5s }
    expect: { exit: 3 }
`,
    );
    outcomes = outcomesOf(report);
  });

  test('is verified, every probe answered alike', () => {
    expect({ status: report.status, misses: report.rounds.at(-1)?.misses }).toEqual({ status: 'verified', misses: [] });
    expect(report.probes.filter(({ equal }) => !equal)).toEqual([]);
  });

  test('echoes over a WebSocket', () => {
    expect(factOf(outcomes.echo, 'reply')).toMatch(/^hello\nStay awhile\.\nsha256:\w+ 2 B$/);
    expect(factOf(outcomes.echo, 'close')).toBe('4000 see you');
  });

  test('answers over HTTP/2 with and without TLS', () => {
    expect(factOf(outcomes.h2c, 'body')).toBe('GET over http: without TLS');
    expect(factOf(outcomes.h2, 'body')).toBe('GET over https: with TLS');
  });

  test('tells its health over gRPC', () => {
    expect(factOf(outcomes.health, 'reply')).toBe('SERVING');
  });

  test('talks line by line', () => {
    expect(factOf(outcomes.lines, 'reply')).toBe('220 lines ready\r\n250 ping\r\n');
  });

  test('is asked for every operation of its OpenAPI document', () => {
    expect(factOf(outcomes['api: GET /pets/{id}'], 'body')).toBe('{"id":7,"name":"Rex"}');
    expect(factOf(outcomes['api: POST /pets'], 'status')).toBe('200');
  });

  test('ends by itself when it is stopped, which is no failure', () => {
    expect(factOf(outcomes.stop, 'exit status')).toBe('3');
    expect(factOf(outcomes.command, 'state')).toBe('ran until it was stopped');
  });

  test.each(['banner', 'farewell', 'health', 'pet', 'plain', 'quote', 'secure'])(
    'keeps the file that only one of the probes needs: %s.txt',
    (name) => {
      expect(keptPaths(report)).toContain(`/srv/app/texts/${name}.txt`);
    },
  );

  test('loses the file that no probe needs', () => {
    expect(keptPaths(report)).not.toContain('/srv/app/unused.bin');
  });
});

test('a Redis server is probed by commands and verified', async () => {
  const report = await buildBy(
    'redis',
    `
version: 1
probes:
  - redis: [PING, "SET a 1", "INCR a", [GET, a], "LRANGE none 0 -1"]
  - name: interrupt
    signal: { send: INT, within: 5s }
    expect: { exit: 0 }
`,
  );
  expect(report.status).toBe('verified');
  const outcome = outcomesOf(report)['redis :6379 PING, SET, INCR, GET, LRANGE'];
  expect(factOf(outcome, 'reply')).toBe('PONG\nOK\n(integer) 2\n2\n(empty array)');
});

const RELOAD = `
version: 1
probes:
  - sequence:
      - exec:
          command: echo 'include /etc/nginx/proxy_params; server { listen 81; return 200 reloaded; }' >more.conf
          user: root
          workdir: /etc/nginx/conf.d
      - signal: { send: HUP, stops: false }
      - exec: [curl, -s, http://127.0.0.1:81/]
        expect: { stdout: reloaded }
        retry: 10s
      - http: GET /
        expect: { status: 200 }
  - signal: stop
`;

test('a web server reloads and is probed further; what it reads then is kept', async () => {
  const report = await buildBy('nginx', RELOAD);
  expect(report.status).toBe('verified');
  expect(factOf(outcomesOf(report)['signal hup'], 'state')).toBe('runs on');
  expect(factOf(outcomesOf(report)['signal stop'], 'exit status')).toBe('0');
  expect(keptPaths(report)).toContain('/etc/nginx/proxy_params');
});

test('a signal that the application was to survive, and did not, is a failed probe', async () => {
  const probes = 'version: 1\nprobes: [{ signal: { send: INT, stops: false } }, { redis: PING }]';
  await expect(buildBy('redis', probes)).rejects.toMatchObject({
    code: 'PROBE_FAILED',
    message: expect.stringContaining('signal int: ended with exit status 0'),
  });
});

test('php-fpm is probed without a web server and verified', async () => {
  const report = await buildBy(
    'php-fpm',
    `
version: 1
probes:
  - name: page
    fastcgi: { root: /var/www/html, path: "/index.php/a/b?q=1", method: POST, body: sent }
    expect: { status: 200, body: hello from /a/b word 1 sent }
  - name: missing
    fastcgi: { root: /var/www/html, path: /missing.php }
    expect: { status: 404 }
  - signal: stop
`,
  );
  expect(report.status).toBe('verified');
  expect(factOf(outcomesOf(report).page, 'header content-type')).toBe('text/plain;charset=UTF-8');
  expect(factOf(outcomesOf(report)['signal stop'], 'exit status')).toBe('0');
});
