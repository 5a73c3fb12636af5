import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildSlim } from '../../src/pipeline.ts';
import type { Report } from '../../src/report/report.ts';
import type { BuildSettings } from '../../src/settings.ts';
import { stateDirectory } from '../../src/state.ts';
import { leftovers, temporaryDirectory, testContext } from '../support/engine.ts';
import { fixtureImage } from '../support/fixture-images.ts';
import { changedPaths, imagePaths } from '../support/image-paths.ts';
import { archiveOf, dockerFiles, sha256 } from '../support/images.ts';
import { buildSettings, execProbes } from '../support/settings.ts';
import { tarBytes } from '../support/tar.ts';

const work = temporaryDirectory();
afterAll(() => {
  work[Symbol.dispose]();
  expect(leftovers(stateDirectory())).toEqual({ mounts: [], cgroups: [], runs: [] });
});

function preserved(source: string, output: string, changes: Partial<BuildSettings> = {}): Promise<Report> {
  const settings = buildSettings(source, `docker-archive:${output}`, { layers: 'preserve', ...changes });
  return buildSlim(settings, testContext());
}

/** The layers in a docker-archive that this program wrote are named by their digests. */
function layersOf(archive: string): Map<string, number> {
  const [{ Layers }] = manifestOf(archive, 'manifest.json');
  const listing = execFileSync('tar', ['-tvf', archive], { encoding: 'utf8' }).trimEnd().split('\n');
  const sizes = new Map(listing.map((line) => [line.split(/\s+/)[5] ?? '', Number(line.split(/\s+/)[2])]));
  return new Map(Layers.map((name: string) => [name, sizes.get(name) ?? 0]));
}

function manifestOf(archive: string, name: string) {
  return JSON.parse(execFileSync('tar', ['-xOf', archive, name], { encoding: 'utf8', maxBuffer: 1 << 28 }));
}

describe.each(['python-site', 'traps'])('the slim image of %s with preserved layers', (name) => {
  const output = join(work.path, `${name}.tar`);
  let report: Report;
  beforeAll(async () => {
    report = await preserved(`docker-archive:${fixtureImage(name)}`, output);
  });

  test('is verified in the first round', () => {
    expect(report.status).toBe('verified');
    expect(report.rounds).toHaveLength(1);
  });

  test('has every kept path as it was, all layers applied', async () => {
    const [fat, slim] = await Promise.all([imagePaths(fixtureImage(name)), imagePaths(output)]);
    expect(changedPaths(fat, slim)).toEqual([]);
    const kept = report.kept.map(({ path }) => path).filter((path) => path !== '/');
    expect([...slim.keys()].filter((path) => path !== '/').sort()).toEqual(kept.sort());
  });

  test('has as many layers as the report and its history say', () => {
    const [{ Config }] = manifestOf(output, 'manifest.json');
    const { history, rootfs } = manifestOf(output, Config);
    const count = layersOf(output).size;
    expect(count).toBeGreaterThan(1);
    expect(report.slim?.layers).toBe(count);
    expect(rootfs.diff_ids).toHaveLength(count);
    expect(history.filter((entry: { empty_layer?: boolean }) => !entry.empty_layer)).toHaveLength(count);
  });
});

test('a second run gives the same bytes', async () => {
  const [one, two] = ['one.tar', 'two.tar'].map((file) => join(work.path, file)) as [string, string];
  const probes = execProbes('openssl version');
  await preserved(`docker-archive:${fixtureImage('git')}`, one, { probes });
  await preserved(`docker-archive:${fixtureImage('git')}`, two, { probes });
  expect(readFileSync(two).equals(readFileSync(one))).toBe(true);
});

describe('two images on one base', () => {
  const base = join(work.path, 'base');
  const files = ['hello', 'goodbye'];
  const slim = (app: string) => join(work.path, `${app}.slim.tar`);

  beforeAll(async () => {
    mkdirSync(base);
    execFileSync('tar', ['-xf', fixtureImage('git'), '-C', base]);
    const [{ Layers }] = manifestOf(fixtureImage('git'), 'manifest.json');
    const shared: Buffer[] = Layers.map((layer: string) => readFileSync(join(base, layer)));
    for (const app of files) {
      const script = `#!/bin/sh\ncat /srv/${app}.txt\n`;
      const own = tarBytes([
        { name: 'srv/', typeflag: '5', mode: 0o750, mtimeSeconds: app.length },
        { name: `srv/${app}.txt`, body: app, mtimeSeconds: 1 },
        { name: 'srv/run', body: script, mode: 0o755, mtimeSeconds: 2 },
      ]);
      const layers = [...shared, own];
      const diffIds = layers.map((layer) => sha256(layer));
      const config = { config: { Cmd: ['/srv/run'] } };
      writeFileSync(join(work.path, `${app}.tar`), archiveOf(dockerFiles([`${app}:1`], { layers, diffIds, config })));
      const report = await preserved(`docker-archive:${join(work.path, `${app}.tar`)}`, slim(app), {
        probes: execProbes(),
      });
      expect(report.status).toBe('verified');
    }
  });

  test('have the layers of that base in common', () => {
    const [one, two] = files.map((app) => layersOf(slim(app))) as [Map<string, number>, Map<string, number>];
    const common = [...one.keys()].filter((layer) => two.has(layer));
    expect(common).toEqual([...one.keys()].slice(0, -1));
    expect(common.length).toBeGreaterThan(0);
    const stored = [...new Map([...one, ...two]).values()].reduce((sum, size) => sum + size, 0);
    const apart = files.reduce((sum, app) => sum + statSync(slim(app)).size, 0);
    expect(stored).toBeLessThan(0.6 * apart);
  });
});

test('a directory has no layers to preserve', async () => {
  const folder = join(work.path, 'root');
  mkdirSync(folder);
  await expect(preserved(`rootfs:${folder}`, join(work.path, 'x.tar'))).rejects.toMatchObject({
    code: 'USAGE_INVALID',
    message: `rootfs:${folder} has no layers that could be preserved`,
  });
});
