import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLocalEngine } from '../../src/engine/local/local-engine.ts';
import { openImage } from '../../src/image/open.ts';
import { explainPath } from '../../src/keep/explain.ts';
import { buildSlim, verifyImages } from '../../src/pipeline.ts';
import type { Report } from '../../src/report/report.ts';
import { imagePathFromText } from '../../src/rootfs/path.ts';
import { PLAIN_CHECKS, type ProbeSettings } from '../../src/settings.ts';
import { Stages } from '../../src/stages.ts';
import { stateDirectory } from '../../src/state.ts';
import { observe } from '../../src/trace/observe.ts';
import { planRun, replayOf } from '../../src/trace/plan-run.ts';
import { recordRun } from '../../src/trace/record.ts';
import type { Access } from '../../src/trace/trace.ts';
import { buildAndHeal } from '../../src/verify/heal.ts';
import { withDeletedFiles } from '../support/deleted-files.ts';
import { temporaryDirectory, testContext } from '../support/engine.ts';
import { fixtureImage } from '../support/fixture-images.ts';
import { buildSettings, defaultProbes, localEngine, NO_EDITS, plainRun } from '../support/settings.ts';

const PAGE = '/var/www/html/docs/index.html';
const work = temporaryDirectory();
let nginx: string;
beforeAll(() => {
  nginx = `docker-archive:${fixtureImage('nginx')}`;
});
afterAll(() => work[Symbol.dispose]());

const looking: ProbeSettings = { ...defaultProbes, exec: ['test -e /etc/debian_version; true'] };

/** A slim image made without a check, and without what is excluded. */
async function uncheckedSlim(name: string, exclude: string, probes = defaultProbes): Promise<string> {
  const output = `docker-archive:${join(work.path, name)}.tar`;
  const keep = { includes: [], excludes: [exclude] };
  await buildSlim(buildSettings(nginx, output, { keep, probes, verify: false }), testContext());
  return output;
}

function deleted(name: string, path: string): string {
  return `docker-archive:${withDeletedFiles(fixtureImage('nginx'), join(work.path, name), [path])}`;
}

function verify(slim: string, probes = defaultProbes, run = plainRun): Promise<Report> {
  return verifyImages(
    { fat: nginx, slim, engine: localEngine, run, probes, allowIncomplete: false, checks: PLAIN_CHECKS },
    testContext(),
  );
}

const missed = (report: Pick<Report, 'rounds'>) => report.rounds.map(({ misses }) => misses.map(({ path }) => path));

describe('two images', () => {
  test('that answer alike are verified', async () => {
    const report = await verify(await uncheckedSlim('good', '/no/such/path'));
    expect(report.status).toBe('verified');
    expect(missed(report)).toEqual([[]]);
    expect(report.probes.every((probe) => probe.equal)).toBe(true);
  });

  test('may differ in what is masked, in probes and in what the command prints before it ends', async () => {
    const slim = `docker-archive:${join(work.path, 'edited')}.tar`;
    const edits = { ...NO_EDITS, addEnv: ['BUILD=slim7'] };
    const run = { ...plainRun, config: { Entrypoint: ['/bin/sh', '-c', 'echo runs build $BUILD.'], Cmd: null } };
    const probes = {
      ...defaultProbes,
      http: { ...defaultProbes.http, enabled: false },
      exec: ['echo build $BUILD.'],
    };
    await buildSlim(buildSettings(nginx, slim, { run, probes, edits, verify: false }), testContext());
    const compared = async (masks: readonly string[]) => {
      const common = { engine: localEngine, run, allowIncomplete: false, checks: PLAIN_CHECKS };
      const settings = { fat: nginx, slim, probes: { ...probes, masks }, ...common };
      const report = await verifyImages(settings, testContext());
      return report.probes.filter(({ equal }) => !equal).map(({ probe }) => probe);
    };
    expect(await compared(['/guild/'])).toEqual(['command', 'exec echo build $BUILD.']);
    expect(await compared(['/build \\w*/'])).toEqual([]);
  });

  test('of which one lacks a page differ, and the page is named with what looked for it', async () => {
    const report = await verify(await uncheckedSlim('page', PAGE));
    expect(report.status).toBe('differs');
    expect(missed(report)).toEqual([[PAGE]]);
    expect(report.rounds[0]?.misses[0]).toMatchObject({ errno: 'ENOENT', phase: 'http GET :80/docs/' });
    const different = report.probes.filter((probe) => !probe.equal);
    expect(different.map(({ probe }) => probe)).toEqual(['http GET :80/docs/']);
    expect(different[0]?.differences[0]).toMatchObject({
      fact: 'status',
      fat: '200',
      slim: expect.stringMatching(/^40[34]$/),
    });
  });

  test('of which one cannot even start differ, and the file that keeps it from starting is named', async () => {
    const report = await verify(await uncheckedSlim('start', '/etc/nginx/mime.types'));
    expect(report.status).toBe('differs');
    expect(missed(report)).toEqual([['/etc/nginx/mime.types']]);
    expect(report.probes.some((probe) => probe.equal)).toBe(false);
  });

  test('of which one lacks what starts its programs differ, and the loader is named', async () => {
    const report = await verify(deleted('loader', '/usr/lib64/ld-linux-x86-64.so.2'));
    expect(report.status).toBe('differs');
    expect(report.rounds[0]?.misses).toMatchObject([{ syscall: 'execve', lacks: ['/usr/lib64/ld-linux-x86-64.so.2'] }]);
  });

  test('of which one lacks the account it runs as differ, and the file is named', async () => {
    const slim = deleted('account', '/etc/passwd');
    const run = { ...plainRun, config: { User: 'www-data', Cmd: ['cat', '/etc/debian_version'] } };
    const report = await verify(slim, { ...defaultProbes, http: { ...defaultProbes.http, enabled: false } }, run);
    expect(report.status).toBe('differs');
    expect(missed(report)).toEqual([['/etc/passwd']]);
    expect(report.probes[0]?.differences[0]?.slim).toContain('no user named www-data');
  });

  test('of which one has a file otherwise differ, and what is other is named', async () => {
    const output = `docker-archive:${join(work.path, 'mode')}.tar`;
    const path = imagePathFromText(PAGE);
    const keep = { includes: [], excludes: [], permissions: [{ option: '--path-perms', path, mode: 0o600 }] };
    await buildSlim(buildSettings(nginx, output, { keep, verify: false }), testContext());
    const report = await verify(output);
    expect(report.status).toBe('differs');
    const mode = { path: PAGE, what: 'mode', fat: '0644', slim: '0600' };
    expect(report.rounds[0]?.misses).toMatchObject([{ path: PAGE, errno: 'EACCES', lacks: [], altered: [mode] }]);
    expect(report.altered).toEqual({ total: 1, paths: [mode] });
  });

  test('of which one lacks what a probe only looks at differ, although every answer is the same', async () => {
    const report = await verify(await uncheckedSlim('stat', '/etc/debian_version', looking), looking);
    expect(report.status).toBe('differs');
    expect(missed(report)).toEqual([['/etc/debian_version']]);
    expect(report.probes.every((probe) => probe.equal)).toBe(true);
  });
});

describe('a slim image', () => {
  test('that lacks what the user took out and the probes need is refused, and not written', async () => {
    const output = join(work.path, 'refused.tar');
    const keep = { includes: [], excludes: [PAGE] };
    const report = await buildSlim(buildSettings(nginx, `docker-archive:${output}`, { keep }), testContext());
    expect(report.status).toBe('differs');
    expect(report.outputs).toEqual([]);
    expect(existsSync(output)).toBe(false);
    expect(report.rounds.at(-1)?.misses).toMatchObject([{ path: PAGE, excludedBy: PAGE }]);
    expect(report.suspicion?.probe).toBe('http GET :80/docs/');
    expect(report.suspicion?.lookups).toContainEqual(expect.objectContaining({ path: PAGE, errno: 'ENOENT' }));
    expect(explainPath(report, PAGE)).toContain(`--exclude-pattern ${PAGE} leaves it out`);
  });

  test('that was made without a rule is healed in one round, with everything that follows', async () => {
    const output = `docker-archive:${join(work.path, 'broken.tar')}`;
    const keep = { includes: [], excludes: [], disabledRules: ['elf-interpreter'] };
    const report = await buildSlim(buildSettings(nginx, output, { keep }), testContext());
    expect(report.status).toBe('verified');
    expect(missed(report)).toEqual([['/usr/sbin/nginx'], []]);
    expect(report.rounds[0]?.added.paths).toBeGreaterThan(0);
    expect(report.outputs).toHaveLength(1);
  });

  test('from a trace with gaps is healed: what the replay misses is put back, with the reason', async () => {
    const gaps = new Set([PAGE, '/etc/nginx/mime.types']);
    const { rounds, isVerified, reasons } = await healed(({ asked, resolved }) => !gaps.has(resolved ?? asked));
    expect(isVerified).toBe(true);
    expect(missed({ rounds })).toEqual([['/etc/nginx/mime.types'], [PAGE], []]);
    for (const path of gaps) expect(reasons(path)).toContainEqual(expect.objectContaining({ kind: 'healed' }));
  });
});

/** Builds and heals from the trace of nginx as far as it is let through. */
async function healed(isSeen: (access: Access) => boolean) {
  const { signal } = new AbortController();
  const record = { signal, progress: () => {} };
  await using image = await openImage(nginx, { signal });
  await using engine = await openLocalEngine(stateDirectory(), { signal });
  await using fat = await engine.open(image, { signal });
  const planned = planRun(fat, { run: plainRun, probes: defaultProbes });
  const { runs, trace } = await observe(fat, planned.plan, { ...record, allowFailing: false, allowIncomplete: false });
  const replay = replayOf(planned, runs[0]);
  const { slim, keep, rounds, isVerified } = await buildAndHeal({
    engine,
    fat,
    fatRuns: runs,
    observeAgain: async () => [await recordRun(fat, replay, record)],
    trace: { ...trace, accesses: trace.accesses.filter(isSeen) },
    keepSettings: { includes: [], excludes: [] },
    allowIncomplete: false,
    failOnLogErrors: false,
    config: planned.plan.config,
    replay,
    run: plainRun,
    edits: NO_EDITS,
    maxRounds: 5,
    layers: 'single',
    createdSeconds: 0,
    version: '0.0.0-test',
    verify: true,
    record,
    stages: new Stages(() => {}),
  });
  await slim[Symbol.asyncDispose]();
  return { rounds, isVerified, reasons: (path: string) => keep.reasonsFor(imagePathFromText(path)) };
}
