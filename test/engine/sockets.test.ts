import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildSlim } from '../../src/pipeline.ts';
import { loadProbeFile } from '../../src/probe/file/load.ts';
import type { Report } from '../../src/report/report.ts';
import type { EngineSettings } from '../../src/settings.ts';
import { temporaryDirectory, testContext } from '../support/engine.ts';
import { ALL_ENGINES, daemonLeftovers, describeEngines, ownStateDirectory } from '../support/engines.ts';
import { fixtureImage } from '../support/fixture-images.ts';
import { buildSettings, defaultProbes, localEngine } from '../support/settings.ts';

const work = temporaryDirectory();
const home = ownStateDirectory();
beforeAll(() => home.enter());
afterAll(() => {
  work[Symbol.dispose]();
  home.leave();
});

/** Builds a slim image by the scenarios of a probe file. */
async function buildBy(image: string, scenarios: string, engine: EngineSettings, readyMs = 60_000): Promise<Report> {
  const file = join(work.path, `${image}.yaml`);
  writeFileSync(file, `version: 1\nscenarios:\n${scenarios}`);
  const probes = {
    ...defaultProbes,
    http: { ...defaultProbes.http, enabled: false },
    healthcheck: false,
    ready: { ...defaultProbes.ready, timeoutMs: readyMs },
    files: [await loadProbeFile(file)],
  };
  const output = `docker-archive:${join(work.path, `${image}.slim.tar`)}`;
  return buildSlim(buildSettings(`docker-archive:${fixtureImage(image)}`, output, { engine, probes }), testContext());
}

/** What the slim image did, by probe. */
function summaries({ probes }: Report): Record<string, string | undefined> {
  return Object.fromEntries(probes.map(({ probe, slim }) => [probe, slim?.summary]));
}

const REDIS = 'redis-server --port 0 --save "" --unixsocket';
const script = (line: string) => `entrypoint: ${JSON.stringify(['/bin/sh', '-c', line])}`;

/** /var/run is a symbolic link of the image to /run. */
const REDIS_SCENARIOS = `
  - name: late
    user: root
    ${script(`mkdir /run/redis; ln -s /run/redis/real.sock /srv/link.sock; sleep 1; exec ${REDIS} /run/redis/real.sock`)}
    socket: /var/run/redis/real.sock
    probes:
      - redis: [SET a 1, GET a]
      - name: by a link
        redis: { socket: /srv/link.sock, commands: [GET a] }
  - name: private
    user: root
    ${script(`mkdir -m 0700 /tmp/own; chown redis /tmp/own; exec setpriv --reuid redis --clear-groups ${REDIS} /tmp/own/redis.sock --unixsocketperm 600`)}
    socket: /tmp/own/redis.sock
    probes:
      - redis: PING
      - tcp: { steps: [{ send: "PING\\r\\n", until: { bytes: 7 }, expect: PONG }] }
  - name: restarted
    ${script(`while :; do ${REDIS} /tmp/redis.sock; done`)}
    socket: /tmp/redis.sock
    probes:
      - redis: PING
      - name: end
        redis: SHUTDOWN NOSAVE
        expect: failing
      - name: again
        redis: PING
        retry: 20s
`;

const FPM_SCENARIOS = `
  - name: socket
    ${script('mkdir -p /run/php && sed -i "s,^listen = .*,listen = /run/php/fpm.sock," /etc/php/*/fpm/pool.d/www.conf && exec php-fpm -F -O')}
    socket: /run/php/fpm.sock
    probes:
      - fastcgi: { root: /var/www/html }
        expect: { status: 200 }
      - name: missing
        fastcgi: { root: /var/www/html, path: /missing.php }
        expect: { status: 404 }
      - signal: stop
`;

describeEngines(ALL_ENGINES, 'on the engine $name, through unix sockets of the container', ({ name, ...engine }) => {
  afterAll(async () => expect(await daemonLeftovers({ name, ...engine })).toEqual([]));

  test('Redis is probed: one that is made late, is found by links, is private, or is made anew', async () => {
    const report = await buildBy('redis', REDIS_SCENARIOS, engine.settings);
    expect(report.status).toBe('verified');
    expect(summaries(report)).toMatchObject({
      'late: redis unix:/var/run/redis/real.sock SET, GET': 'OK 1',
      'late: by a link': '1',
      'private: redis unix:/tmp/own/redis.sock PING': 'PONG',
      'private: tcp unix:/tmp/own/redis.sock': '7 B',
      'restarted: again': 'PONG',
    });
  });

  test('php-fpm is probed without a port', async () => {
    const report = await buildBy('php-fpm', FPM_SCENARIOS, engine.settings);
    expect(report.status).toBe('verified');
    expect(summaries(report)).toMatchObject({
      'socket: fastcgi GET unix:/run/php/fpm.sock:/index.php': '200 19 B',
      'socket: missing': '404 16 B',
    });
  });
});

test('every kind that goes to a port goes to a unix socket as well', async () => {
  const scenarios = `
  - name: web
    env: { WEB: /run/web.sock, GRPC: /run/grpc.sock }
    socket: /run/web.sock
    probes:
      - http: GET /pets/7
      - crawl: /
      - openapi: /openapi.json
      - websocket: { path: /, steps: [{ send: quote }, { expect: awhile }] }
      - tcp: { steps: [{ send: "GET /pets HTTP/1.0\\r\\n\\r\\n", until: close, expect: Rex }] }
      - grpc-health: { socket: /run/grpc.sock }
      - name: h2c
        http: { socket: /run/grpc.sock, protocol: h2c, path: / }
      - name: host
        host-exec: 'curl --silent "$TRACE_SLIM_URL/pets/7"'
        expect: { stdout: Rex }
`;
  const report = await buildBy('protocols', scenarios, localEngine);
  expect(report.status).toBe('verified');
  expect(summaries(report)).toMatchObject({
    'web: http GET unix:/run/web.sock:/pets/7': '200 application/json 21 B',
    'web: websocket unix:/run/web.sock:/': '101 1 messages',
    'web: grpc-health unix:/run/grpc.sock': 'SERVING',
    'web: h2c': '200 text/plain 26 B',
    'web: host': 'exit 0',
  });
});

test('a unix socket that never appears is named', async () => {
  const scenarios = '  - name: none\n    socket: /run/none.sock\n    probes: [{ redis: PING }]';
  await expect(buildBy('redis', scenarios, localEngine, 1000)).rejects.toMatchObject({
    message: expect.stringContaining('unix:/run/none.sock never opened within 1 s'),
    hint: expect.stringContaining('path in the container'),
  });
});
