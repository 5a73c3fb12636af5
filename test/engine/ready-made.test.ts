import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { buildSlim } from '../../src/pipeline.ts';
import { loadProbeFile } from '../../src/probe/file/load.ts';
import { stateDirectory } from '../../src/state.ts';
import { leftovers, temporaryDirectory, testContext } from '../support/engine.ts';
import { fixtureImage } from '../support/fixture-images.ts';
import { buildSettings, defaultProbes } from '../support/settings.ts';

const work = temporaryDirectory();
afterAll(() => {
  work[Symbol.dispose]();
  expect(leftovers(stateDirectory())).toMatchObject({ mounts: [], runs: [] });
});

/** A file of probes/ as a user has it, and an image for which nothing in it needs to be changed. */
interface Case {
  readonly file: string;
  readonly image: string;
  /** What the file leaves to the image, where the image exposes several. */
  readonly port?: number;
  readonly maxBytes: number;
  /** What the probes of the file keep that the application does not read when it starts. */
  readonly keeps: readonly string[];
}

const CASES: readonly Case[] = [
  { file: 'cli-tool.yaml', image: 'git', maxBytes: 70e6, keeps: ['/usr/bin/git-upload-pack'] },
  { file: 'grpc.yaml', image: 'protocols', maxBytes: 105e6, keeps: ['/srv/app/texts/health.txt'] },
  { file: 'host-tests.yaml', image: 'nginx', maxBytes: 12e6, keeps: ['/var/www/html/404.html'] },
  { file: 'http-basic.yaml', image: 'nginx', maxBytes: 12e6, keeps: ['/var/www/html/404.html'] },
  { file: 'nginx.yaml', image: 'nginx', maxBytes: 12e6, keeps: ['/var/www/html/404.html'] },
  {
    file: 'php-fpm.yaml',
    image: 'php-fpm',
    maxBytes: 130e6,
    keeps: ['/usr/share/zoneinfo/Asia/Tokyo', '/usr/lib/x86_64-linux-gnu/gconv/ISO8859-1.so', '/var/lib/php/sessions'],
  },
  {
    file: 'postgres.yaml',
    image: 'postgres',
    maxBytes: 105e6,
    keeps: [
      '/usr/share/postgresql/15/extension/pg_trgm.control',
      '/usr/lib/postgresql/15/lib/pgcrypto.so',
      '/usr/lib/postgresql/15/bin/pg_basebackup',
      '/usr/lib/postgresql/15/lib/utf8_and_euc_jp.so',
    ],
  },
  { file: 'redis.yaml', image: 'redis', maxBytes: 22e6, keeps: ['/usr/bin/redis-check-rdb', '/usr/bin/redis-cli'] },
  {
    file: 'rest-api.yaml',
    image: 'protocols',
    port: 8080,
    maxBytes: 105e6,
    keeps: ['no-token', 'no-name', 'no-such-item', 'wrong-password'].map((name) => `/srv/app/texts/${name}.txt`),
  },
  { file: 'roles.yaml', image: 'django-site', maxBytes: 60e6, keeps: ['/srv/site/books/reports/wording.py'] },
  { file: 'websocket.yaml', image: 'protocols', port: 8080, maxBytes: 105e6, keeps: ['/srv/app/server.js'] },
];

test.each(CASES)('probes/$file makes a small image of $image that works', async (given) => {
  const { image, port, maxBytes, keeps } = given;
  const file = await loadProbeFile(fileURLToPath(new URL(`../../probes/${given.file}`, import.meta.url)));
  const http = { ...defaultProbes.http, enabled: false, ports: port === undefined ? [] : [port] };
  const settings = buildSettings(
    `docker-archive:${fixtureImage(image)}`,
    `docker-archive:${join(work.path, `${given.file}.tar`)}`,
    { probes: { ...defaultProbes, http, files: [file] } },
  );
  const report = await buildSlim(settings, testContext());
  expect({ status: report.status, rounds: report.rounds.length }).toEqual({ status: 'verified', rounds: 1 });
  expect(report.slim?.sizeBytes).toBeLessThan(maxBytes);
  expect(report.kept.map(({ path }) => path)).toEqual(expect.arrayContaining([...keeps]));
});
