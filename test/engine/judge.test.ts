import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildSlim } from '../../src/pipeline.ts';
import { type BuildSettings, type CheckSettings, PLAIN_CHECKS, PLAIN_CONTAINER } from '../../src/settings.ts';
import { temporaryDirectory, testContext } from '../support/engine.ts';
import { fixtureImage } from '../support/fixture-images.ts';
import { buildSettings, defaultProbes, execProbes } from '../support/settings.ts';

const work = temporaryDirectory();
let git: string;
beforeAll(() => {
  git = `docker-archive:${fixtureImage('git')}`;
});
afterAll(() => work[Symbol.dispose]());

const at = (name: string) => join(work.path, name);

function slim(name: string, changes: Partial<BuildSettings>) {
  return buildSlim(buildSettings(git, `docker-archive:${at(name)}`, changes), testContext());
}

/** Runs a shell script as the image's command, and answers no probe by it. */
const shellRun = (script: string): BuildSettings['run'] => ({
  config: { Entrypoint: null, Cmd: ['sh', '-c', script] },
  env: [],
  container: PLAIN_CONTAINER,
});
const checks = (changes: Partial<CheckSettings>): CheckSettings => ({ ...PLAIN_CHECKS, ...changes });

describe('an image that is refused', () => {
  const tooLarge = { text: 'size>1B', measure: 'size', operator: '>', limit: 1 } as const;

  test('for its size is verified, says so, and is not written', async () => {
    const report = await slim('large.tar', { checks: checks({ budgets: [tooLarge] }) });
    expect(report).toMatchObject({ status: 'verified', outputs: [], tags: [] });
    expect(report.budgets).toMatchObject([{ budget: 'size>1B', isExceeded: true }]);
    expect(existsSync(at('large.tar'))).toBe(false);
  });

  test('is written by another name when it is to be kept', async () => {
    const report = await slim('kept.tar', {
      checks: checks({ budgets: [tooLarge], keepFailed: true }),
      tags: ['git:1'],
    });
    expect(report.outputs).toMatchObject([{ destination: `docker-archive:${at('kept-failed.tar')}` }]);
    expect(report.tags).toEqual(['git:1-failed']);
    expect([existsSync(at('kept.tar')), existsSync(at('kept-failed.tar'))]).toEqual([false, true]);
  });
});

describe('several traced runs', () => {
  test('keep what any of them used, and name what only some did', async () => {
    // One file of eight, another one each time.
    const script =
      'set -- git perl curl bash tar sed grep gzip; shift $(($(od -An -N2 -tu2 /dev/urandom) % $#)); test -e "/usr/share/doc/$1/copyright"';
    const probes = { ...execProbes(script), repeat: 4 };
    const report = await slim('repeated.tar', { probes });
    expect(report.status).toBe('verified');
    expect(report.unstable.paths.filter((path) => path.endsWith('/copyright')).length).toBeGreaterThan(0);
    const kept = new Set(report.kept.map(({ path }) => path));
    expect(report.unstable.paths.filter((path) => !kept.has(path))).toEqual([]);
  });
});

describe('what only the slim image logs', () => {
  /** On the original the file is there although nothing opens it before the slim image lacks it. */
  const script =
    'set -- /usr/share/doc/git/*; echo up; [ $# -gt 3 ] || echo "ERROR: documentation is gone" >&2; sleep 60';
  const changes = {
    run: shellRun(script),
    probes: { ...defaultProbes, ...execProbes('git --version') },
    keep: { includes: [], excludes: ['/usr/share/doc/git/*'] },
  };

  test('is shown when it reports errors', async () => {
    const report = await slim('errors.tar', changes);
    expect(report).toMatchObject({ status: 'verified', logErrors: ['ERROR: documentation is gone'] });
  });

  test('fails when it is to fail', async () => {
    const report = await slim('failed.tar', { ...changes, checks: checks({ failOnLogErrors: true }) });
    expect(report).toMatchObject({ status: 'differs', outputs: [] });
  });
});

describe('a slim image that lacks something', () => {
  test('that is made anew there gets it back', async () => {
    const keep = { includes: [], excludes: [] };
    // Only the slim image lacks the file that keeps the original from going on.
    const script = 'if [ -n "$(ls /usr/share/doc/git)" ]; then exit 0; fi; echo x >> /usr/share/doc/git/copyright';
    const report = await slim('anew.tar', {
      probes: execProbes(script),
      keep: { ...keep, disabledRules: ['listing'] },
    });
    expect(report.status).toBe('verified');
    const kinds = report.rounds.flatMap(({ misses }) => misses.map(({ path, kind }) => [path, kind]));
    expect(kinds).toContainEqual(['/usr/share/doc/git/copyright', 'overwritten']);
  });
});
