import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildSlim } from '../../src/pipeline.ts';
import type { Report } from '../../src/report/report.ts';
import type { RunSettings } from '../../src/settings.ts';
import { PLAIN_CONTAINER } from '../../src/settings.ts';
import { temporaryDirectory, testContext } from '../support/engine.ts';
import { fixtureImage } from '../support/fixture-images.ts';
import { buildSettings } from '../support/settings.ts';

const work = temporaryDirectory();
afterAll(() => work[Symbol.dispose]());

const at = (name: string) => join(work.path, name);
const outputs = (name: string) => [
  `docker-archive:${at(name)}.tar`,
  `oci:${at(name)}.oci`,
  `oci-archive:${at(name)}.ociar`,
];

async function slim(source: string, name: string, run?: RunSettings): Promise<Report> {
  const settings = buildSettings(source, '', {
    outputs: outputs(name),
    tags: ['site.slim:1'],
    ...(run ? { run } : {}),
  });
  return buildSlim(settings, testContext());
}

const keptPaths = (report: Report) => report.kept.map(({ path }) => path);

/** How another program stores the image, and with which words of its own. */
const SOURCES: readonly [string, string, readonly string[]][] = [
  ['an OCI layout with gzip layers', 'oci:gzip.layout:site:1', ['--dest-compress-format', 'gzip']],
  ['an OCI layout with zstd layers', 'oci:zstd.layout:site:1', ['--dest-compress-format', 'zstd']],
  ['an OCI archive', 'oci-archive:archive.oci:site:1', []],
  ['a docker-archive', 'docker-archive:archive.tar:site:1', []],
];

describe('the image of a web server', () => {
  let expected: Report;
  beforeAll(async () => {
    expected = await slim(`docker-archive:${fixtureImage('nginx')}`, 'expected');
  });

  test.each(SOURCES)('is slimmed to the same paths from %s', async (_what, words, options) => {
    const source = words.replace(':', `:${work.path}/`);
    await execa('skopeo', ['copy', '-q', ...options, `docker-archive:${fixtureImage('nginx')}`, source]);
    const report = await slim(source, words.replace(/\W/g, '-'));
    expect(report.status).toBe('verified');
    expect(report.slim?.sizeBytes).toBe(expected.slim?.sizeBytes);
    expect(keptPaths(report)).toEqual(keptPaths(expected));
  });

  test('is slimmed to the same paths from a directory, when the command line says how it is run', async () => {
    const tree = at('tree');
    unpackImage(fixtureImage('nginx'), tree);
    const Entrypoint = ['nginx', '-g', 'daemon off;'];
    const config = { Entrypoint, ExposedPorts: { '80/tcp': {} }, WorkingDir: '/' };
    const report = await slim(`rootfs:${tree}`, 'from-tree', { config, env: [], container: PLAIN_CONTAINER });
    expect(report.status).toBe('verified');
    expect(keptPaths(report)).toEqual(keptPaths(expected));
    const written = JSON.parse(
      execFileSync('skopeo', ['inspect', '--config', outputs('from-tree')[0] ?? ''], { encoding: 'utf8' }),
    );
    expect(written.config).toMatchObject({ Entrypoint, ExposedPorts: { '80/tcp': {} } });
  });

  test.each([0, 1, 2])('is written so that skopeo inspects and copies it, in format %i', async (format) => {
    const written = outputs('expected')[format] ?? '';
    const { stdout } = await execa('skopeo', ['inspect', '--config', `${written}:site.slim:1`]);
    const { config, rootfs } = JSON.parse(stdout);
    expect(config.Cmd ?? config.Entrypoint).toContain('nginx');
    expect(config.StopSignal).toBe('SIGQUIT');
    expect(rootfs.diff_ids).toHaveLength(1);
    await execa('skopeo', ['copy', '-q', `${written}:site.slim:1`, `dir:${at(`copy-${format}`)}`]);
    expect(readdirSync(at(`copy-${format}`))).toContain('manifest.json');
  });

  test('is slimmed from an archive that another program wrote of the slim image', async () => {
    const copy = `docker-archive:${at('copied-slim.tar')}:site:2`;
    await execa('skopeo', ['copy', '-q', `${outputs('expected')[1]}:site.slim:1`, copy]);
    const report = await slim(copy, 'again');
    expect(report.status).toBe('verified');
    expect(keptPaths(report)).toEqual(keptPaths(expected));
  });
});

/** All layers over each other; the image has no opaque directories. */
function unpackImage(archive: string, tree: string): void {
  const parts = `${tree}.parts`;
  mkdirSync(parts);
  mkdirSync(tree);
  execFileSync('tar', ['-xf', archive, '-C', parts]);
  const [{ Layers }] = JSON.parse(readFileSync(join(parts, 'manifest.json'), 'utf8'));
  for (const layer of Layers) {
    execFileSync('tar', ['-xpf', join(parts, layer), '-C', tree, '--xattrs', '--xattrs-include=*', '--numeric-owner']);
    for (const mark of readdirSync(tree, { recursive: true, encoding: 'utf8' }).filter(isWhiteout)) {
      const hidden = mark.replace(/\.wh\.([^/]*)$/, '$1');
      for (const path of [mark, hidden]) rmSync(join(tree, path), { recursive: true, force: true });
    }
  }
}

const isWhiteout = (path: string) => basename(path).startsWith('.wh.');
