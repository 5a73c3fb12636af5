import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { starterProbes } from '../../src/pipeline.ts';
import { loadProbeFile } from '../../src/probe/file/load.ts';
import { temporaryDirectory, testContext } from '../support/engine.ts';
import { fixtureImage } from '../support/fixture-images.ts';
import { defaultProbes, localEngine, plainRun } from '../support/settings.ts';

const work = temporaryDirectory();
afterAll(() => work[Symbol.dispose]());

/** The kinds and ports of the probes that are written for an image, read as a user's file is. */
async function kindsFor(image: string): Promise<string[]> {
  const source = `docker-archive:${fixtureImage(image)}`;
  const text = await starterProbes(
    { source, engine: localEngine, run: plainRun, probes: defaultProbes },
    testContext(),
  );
  const file = join(work.path, `${image}.yaml`);
  writeFileSync(file, text);
  const { main } = await loadProbeFile(file);
  const items = main?.probes.flatMap((group) => group.items) ?? [];
  return items.map(({ kind, spec }) => `${kind} ${(spec as { port?: number }).port ?? ''}`.trimEnd());
}

describe('a probe file made for an image', () => {
  test('has a probe for everything a server of several protocols speaks', async () => {
    expect(await kindsFor('protocols')).toEqual([
      'healthcheck',
      'tcp 7000',
      'crawl 8080',
      'openapi 8080',
      'http 8081',
      'grpc-health 8081',
      'http 8443',
      'grpc-health 8443',
    ]);
  });

  test('pings a Redis server', async () => {
    expect(await kindsFor('redis')).toEqual(['redis 6379']);
  });

  test('asks php-fpm for a script', async () => {
    expect(await kindsFor('php-fpm')).toEqual(['fastcgi 9000']);
  });

  test('runs what a command without ports says of itself', async () => {
    expect(await kindsFor('git')).toEqual(['exec', 'exec']);
  });
});
