import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildSlim } from '../../src/pipeline.ts';
import type { Report } from '../../src/report/report.ts';
import { PLAIN_CONTAINER } from '../../src/settings.ts';
import { stateDirectory } from '../../src/state.ts';
import { leftovers, temporaryDirectory, testContext } from '../support/engine.ts';
import { fixtureImage } from '../support/fixture-images.ts';
import { buildSettings, defaultProbes, execProbes } from '../support/settings.ts';

const work = temporaryDirectory();

afterAll(() => {
  work[Symbol.dispose]();
  expect(leftovers(stateDirectory())).toEqual({ mounts: [], cgroups: [], runs: [] });
});

/** What skopeo says of an archive: proof that other tools read it. */
function inspect(destination: string): { Layers: string[]; Labels: Record<string, string> } {
  return JSON.parse(execFileSync('skopeo', ['inspect', destination], { encoding: 'utf8' }));
}

/** Lines of `tar -tv` for the one layer of a docker-archive, by path. */
function layerListing(archive: string): Map<string, string> {
  const folder = join(work.path, createHash('sha256').update(archive).digest('hex').slice(0, 8));
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['-xf', archive, '-C', folder]);
  const [manifest] = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  const listing = execFileSync('tar', ['-tvf', join(folder, manifest.Layers[0]), '--numeric-owner'], {
    encoding: 'utf8',
  });
  return new Map(
    listing
      .trimEnd()
      .split('\n')
      .map((line) => [line.split(/\s+/)[5] ?? '', line]),
  );
}

const keptPaths = (report: Report) => new Set(report.kept.map((kept) => kept.path));

describe('a web server', () => {
  const output = join(work.path, 'nginx.slim.tar');
  let report: Report;
  beforeAll(async () => {
    report = await buildSlim(
      buildSettings(`docker-archive:${fixtureImage('nginx')}`, `docker-archive:${output}`),
      testContext(),
    );
  });

  test('is verified, with every linked page answered the same', () => {
    expect(report.status).toBe('verified');
    expect(report.probes.map((probe) => probe.probe)).toContain('http GET :80/');
    expect(report.probes.length).toBeGreaterThan(4);
    expect(report.probes.every((probe) => probe.equal)).toBe(true);
    expect(report.rounds.at(-1)?.misses).toEqual([]);
  });

  test('shrinks to under 10 MB', () => {
    expect(report.fat.sizeBytes).toBeGreaterThan(200e6);
    expect(report.slim?.sizeBytes).toBeLessThan(10e6);
  });

  test('gives every path a reason, and every chain of reasons ends outside of the rules', () => {
    const byPath = new Map(report.kept.map((kept) => [kept.path, kept]));
    for (const kept of report.kept) {
      expect(kept.reasons.length, kept.path).toBeGreaterThan(0);
      for (const reason of kept.reasons) if (reason.from) expect(byPath.has(reason.from), reason.from).toBe(true);
    }
  });

  test('keeps directories as they were, not open to everybody', () => {
    const listing = layerListing(output);
    for (const directory of ['usr/', 'usr/sbin/', 'etc/', 'var/', 'var/log/']) {
      expect(listing.get(directory), directory).toMatch(/^drwxr-xr-x 0\/0/);
    }
    expect(listing.get('tmp/')).toMatch(/^drwxrwxrwt/);
  });

  test('has none of what the run wrote', () => {
    expect([...layerListing(output).keys()].filter((path) => path.includes('trace-slim'))).toEqual([]);
    expect(layerListing(output).get('run/nginx.pid')).toBeUndefined();
  });

  test('is read by other tools, and says what it was made from', () => {
    const inspected = inspect(`docker-archive:${output}`);
    expect(inspected.Layers).toHaveLength(1);
    expect(inspected.Labels['org.opencontainers.image.base.digest']).toBe(report.fat.digest);
    expect(inspected.Labels['org.opencontainers.image.title']).toBe('static site');
  });

  test('comes out byte for byte the same from a second run', async () => {
    const again = join(work.path, 'again.tar');
    const second = await buildSlim(
      buildSettings(`docker-archive:${fixtureImage('nginx')}`, `docker-archive:${again}`),
      testContext(),
    );
    expect(keptPaths(second)).toEqual(keptPaths(report));
    expect(readFileSync(again).equals(readFileSync(output))).toBe(true);
  });
});

describe('a Python site', () => {
  let report: Report;
  beforeAll(async () => {
    const source = `docker-archive:${fixtureImage('python-site')}`;
    report = await buildSlim(buildSettings(source, `oci:${join(work.path, 'site.slim')}`), testContext());
  });

  test('is verified by its health check, and by every page that a crawl finds', () => {
    expect(report.status).toBe('verified');
    expect(report.probes.map((probe) => probe.probe)).toContain('healthcheck');
    const asked = new Map(report.probes.map(({ probe, fat }) => [probe, fat.summary.split(' ', 1)[0]]));
    expect(asked.get('http GET :8000/products?q=')).toBe('200');
    expect(asked.get('http GET :8000/no-such-page-for-trace-slim')).toBe('404');
    expect(asked.get('http TRACE :8000/')).toBe('405');
    expect(asked.size).toBeGreaterThan(35);
  });

  test('tells of each file which page needed it', () => {
    const reasonsFor = (path: string) =>
      report.kept.find((kept) => kept.path === path)?.reasons.map(({ text }) => text);
    expect(reasonsFor('/srv/app/shop/spreadsheet.py')?.join()).toContain('during http GET :8000/stock.csv');
    expect(reasonsFor('/srv/app/shop/templates/404.html')?.join()).toContain('during http GET :8000/robots.txt');
  });

  test('is several times smaller', () => {
    expect(report.fat.sizeBytes).toBeGreaterThan(250e6);
    expect(report.reduction).toBeGreaterThan(5);
  });

  test('is written as an OCI layout that other tools read', () => {
    expect(inspect(`oci:${join(work.path, 'site.slim')}`).Layers).toHaveLength(1);
  });
});

describe('a command-line program', () => {
  test('is verified by what it prints, and by commands run in an image that its own command does not keep alive', async () => {
    const settings = buildSettings(
      `docker-archive:${fixtureImage('git')}`,
      `docker-archive:${join(work.path, 'git.tar')}`,
      {
        probes: execProbes(
          'git init -q /tmp/x && cd /tmp/x && git status --short && git log; openssl version',
          'curl --version | head -n 1',
        ),
      },
    );
    const report = await buildSlim(settings, testContext());
    expect(report.status).toBe('verified');
    expect(report.probes[0]).toMatchObject({ probe: 'command', equal: true });
    expect(report.probes).toHaveLength(3);
    expect(report.reduction).toBeGreaterThan(4);
  });

  test('that fails on the original image stops the run', async () => {
    const run = { config: { Cmd: ['no-such-command'] }, env: [], container: PLAIN_CONTAINER };
    const settings = buildSettings(
      `docker-archive:${fixtureImage('git')}`,
      `docker-archive:${join(work.path, 'none.tar')}`,
      { run },
    );
    await expect(buildSlim(settings, testContext())).rejects.toMatchObject({ code: 'PROBE_FAILED' });
  });

  test('may be said to fail, and then must fail alike', async () => {
    const run = { config: { Cmd: ['no-such-command'] }, env: [], container: PLAIN_CONTAINER };
    const probes = { ...defaultProbes, allowFailing: true };
    const settings = buildSettings(
      `docker-archive:${fixtureImage('git')}`,
      `docker-archive:${join(work.path, 'alike.tar')}`,
      { run, probes },
    );
    const report = await buildSlim(settings, testContext());
    expect(report.status).toBe('verified');
    expect(report.probes[0]?.slim?.summary).toBe('exit 1');
  });
});

describe('images without a shell or without glibc', () => {
  test('a static server in an empty image is verified', async () => {
    const settings = buildSettings(
      `docker-archive:${fixtureImage('static')}`,
      `oci-archive:${join(work.path, 'static.tar')}`,
    );
    const report = await buildSlim(settings, testContext());
    expect(report.status).toBe('verified');
    expect(inspect(`oci-archive:${join(work.path, 'static.tar')}`).Layers).toHaveLength(1);
  });

  test('an exec probe finds the shell of the toolkit there, and none of it is kept', async () => {
    const settings = buildSettings(
      `docker-archive:${fixtureImage('static')}`,
      `docker-archive:${join(work.path, 'static2.tar')}`,
      {
        probes: { ...defaultProbes, exec: ['read line < /www/index.html && echo "$line"'] },
      },
    );
    const report = await buildSlim(settings, testContext());
    expect(report.status).toBe('verified');
    expect([...keptPaths(report)].filter((path) => /sh$|ld-linux|trace-slim/.test(path))).toEqual([]);
  });

  test('a musl program keeps its loader', async () => {
    const settings = buildSettings(
      `docker-archive:${fixtureImage('musl')}`,
      `docker-archive:${join(work.path, 'musl.tar')}`,
    );
    const report = await buildSlim(settings, testContext());
    expect(report.status).toBe('verified');
    expect([...keptPaths(report)].some((path) => path.startsWith('/lib/ld-musl-'))).toBe(true);
  });
});
