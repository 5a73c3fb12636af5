import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildSlim } from '../../src/pipeline.ts';
import type { Report } from '../../src/report/report.ts';
import type { ProbeSettings } from '../../src/settings.ts';
import { temporaryDirectory, testContext } from '../support/engine.ts';
import { fixtureImage } from '../support/fixture-images.ts';
import { changedPaths, imagePaths } from '../support/image-paths.ts';
import { buildSettings, defaultProbes, execProbes } from '../support/settings.ts';

const work = temporaryDirectory();
afterAll(() => work[Symbol.dispose]());

async function slimOf(source: string, output: string, probes: ProbeSettings): Promise<Report> {
  return buildSlim(buildSettings(`docker-archive:${source}`, `docker-archive:${output}`, { probes }), testContext());
}

const IMAGES: readonly [string, ProbeSettings][] = [
  ['nginx', defaultProbes],
  ['python-site', defaultProbes],
  ['git', execProbes('git init -q /tmp/x && cd /tmp/x && git status --short; openssl version; curl --version')],
];

describe.each(IMAGES)('the slim image of %s', (name, probes) => {
  const once = join(work.path, `${name}.slim.tar`);
  const twice = join(work.path, `${name}.slimmer.tar`);
  let first: Report;
  let second: Report;

  beforeAll(async () => {
    first = await slimOf(fixtureImage(name), once, probes);
    second = await slimOf(once, twice, probes);
  });

  test('has every kept path as it was: type, mode, owner, size, time, link, device, attributes, bytes', async () => {
    const [fat, slim] = await Promise.all([imagePaths(fixtureImage(name)), imagePaths(once)]);
    expect(slim.size).toBeGreaterThan(40);
    expect(changedPaths(fat, slim)).toEqual([]);
  });

  test('holds the paths that the report says are kept, and no others', async () => {
    const slim = await imagePaths(once);
    expect([...slim.keys()].sort()).toEqual(first.kept.map(({ path }) => path).sort());
  });

  test('is slimmed again to the same layer', () => {
    expect([first.status, second.status]).toEqual(['verified', 'verified']);
    expect(second.kept.map(({ path }) => path)).toEqual(first.kept.map(({ path }) => path));
    expect(layerNames(twice)).toEqual(layerNames(once));
  });
});

/** Names of the layers in a docker-archive that this program wrote: their digests. */
function layerNames(archive: string): string[] {
  const text = readFileSync(archive).toString('latin1');
  const [, layers = ''] = /"Layers":\[([^\]]*)\]/.exec(text) ?? [];
  return layers.split(',');
}
