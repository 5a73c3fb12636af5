import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectDaemon, type Daemon } from '../../src/engine/docker/api/connect.ts';
import { buildSlim, verifyImages } from '../../src/pipeline.ts';
import type { Report } from '../../src/report/report.ts';
import { type BuildSettings, PLAIN_CHECKS } from '../../src/settings.ts';
import { temporaryDirectory, testContext } from '../support/engine.ts';
import { daemonLeftovers, describeEngines, loadArchives, ownStateDirectory } from '../support/engines.ts';
import { fixtureImage } from '../support/fixture-images.ts';
import { buildSettings, defaultProbes, plainRun } from '../support/settings.ts';

const work = temporaryDirectory();
const home = ownStateDirectory();

beforeAll(() => home.enter());
afterAll(() => {
  work[Symbol.dispose]();
  home.leave();
});

/** DiffIDs of the layers of a docker-archive: equal for equal bytes. */
function diffIds(archive: string): string[] {
  const read = (name: string) => execFileSync('tar', ['-xOf', archive, name], { encoding: 'utf8' });
  const [{ Config }] = JSON.parse(read('manifest.json'));
  return JSON.parse(read(Config)).rootfs.diff_ids;
}

describeEngines(['docker', 'podman'], 'an image in the store of $name', (engine) => {
  let daemon: Daemon;
  const made = new Set<string>();

  beforeAll(async () => {
    daemon = await connectDaemon(engine.settings, { wanted: [], signal: new AbortController().signal });
    await loadArchives(daemon, ['nginx', 'git'].map(fixtureImage));
  });

  afterAll(async () => {
    for (const name of made) await daemon.docker.getImage(name).remove();
    await daemon.close();
    expect(await daemonLeftovers(engine)).toEqual([]);
  });

  function slim(source: string, name: string, changes: Partial<BuildSettings> = {}): Promise<Report> {
    made.add(name);
    const settings = buildSettings(source, 'docker-daemon:', { engine: engine.settings, tags: [name], ...changes });
    return buildSlim(settings, testContext());
  }

  test('comes out verified, under the name that was asked for, and runs', async () => {
    const report = await slim('fixture/nginx:latest', 'test/nginx:slim');
    expect(report).toMatchObject({ status: 'verified', engine: engine.name, tags: ['test/nginx:slim'] });
    const { Id, Config, Size } = await daemon.docker.getImage('test/nginx:slim').inspect();
    expect(report.outputs).toEqual([{ destination: 'docker-daemon:test/nginx:slim', digest: Id }]);
    expect(Config).toMatchObject({ Cmd: ['nginx', '-g', 'daemon off;'], StopSignal: 'SIGQUIT' });
    expect(Size).toBeLessThan(12e6);
    const verified = await verifyImages(
      {
        fat: 'fixture/nginx:latest',
        slim: 'test/nginx:slim',
        engine: engine.settings,
        run: plainRun,
        probes: defaultProbes,
        allowIncomplete: false,
        checks: PLAIN_CHECKS,
      },
      testContext(),
    );
    expect(verified).toMatchObject({ status: 'verified', reduction: report.reduction });
  });

  test.each(['nginx', 'git'])('gives the layer that the built-in engine makes of %s, byte for byte', async (name) => {
    const [byDaemon, byHost] = ['daemon', 'host'].map((maker) =>
      join(work.path, `${engine.name}-${name}-${maker}.tar`),
    );
    const probes = { ...defaultProbes, exec: name === 'git' ? ['git --version'] : [] };
    const source = `docker-archive:${fixtureImage(name)}`;
    await slim(`fixture/${name}:latest`, 'test/unused', { outputs: [`docker-archive:${byDaemon}`], probes });
    made.delete('test/unused');
    await buildSlim(buildSettings(source, `docker-archive:${byHost}`, { probes }), testContext());
    expect(diffIds(byDaemon as string)).toEqual(diffIds(byHost as string));
  });

  test('keeps a layer for each of its own when that is asked for', async () => {
    const report = await slim('fixture/nginx:latest', 'test/nginx:layers', { layers: 'preserve' });
    expect(report.status).toBe('verified');
    expect(report.slim?.layers).toBeGreaterThan(1);
  });

  test('is not tagged when it differs, and what was tagged before stays', async () => {
    await slim('fixture/nginx:latest', 'test/nginx:kept');
    const { Id } = await daemon.docker.getImage('test/nginx:kept').inspect();
    const keep = { includes: [], excludes: ['/var/www/**', '/srv/**', '/usr/share/nginx/**'] };
    const report = await slim('fixture/nginx:latest', 'test/nginx:kept', { keep });
    expect(report.status).toBe('differs');
    expect((await daemon.docker.getImage('test/nginx:kept').inspect()).Id).toBe(Id);
  });

  test('that is not there is told apart from a daemon that is not', async () => {
    await expect(slim('fixture/none:latest', 'test/none')).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    made.delete('test/none');
    const nowhere = { engine: engine.name, pull: 'never', host: `unix://${work.path}/none.sock` } as const;
    await expect(slim('fixture/nginx', 'test/none', { engine: nowhere })).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
    });
    made.delete('test/none');
  });

  test('can be an archive that only this host has', async () => {
    const report = await slim(`docker-archive:${fixtureImage('static')}`, 'test/static:slim');
    expect(report).toMatchObject({ status: 'verified', engine: engine.name });
  });

  test('is built by several runs at the same time, each for itself', async () => {
    const names = ['test/nginx:one', 'test/nginx:two'];
    const reports = await Promise.all(names.map((name) => slim('fixture/nginx:latest', name)));
    expect(reports.map(({ status }) => status)).toEqual(['verified', 'verified']);
    const ids = await Promise.all(names.map(async (name) => (await daemon.docker.getImage(name).inspect()).Id));
    expect(new Set(ids).size).toBe(1);
  });
});

test('the fixture has several layers, as the tests above take for granted', () => {
  expect(diffIds(fixtureImage('nginx')).length).toBeGreaterThan(1);
  expect(readFileSync(fixtureImage('static')).length).toBeGreaterThan(1000);
});
