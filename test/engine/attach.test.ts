import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLocalEngine } from '../../src/engine/local/local-engine.ts';
import type { Container, Engine, OpenedImage } from '../../src/engine/types.ts';
import { openImage } from '../../src/image/open.ts';
import type { Image } from '../../src/image/types.ts';
import { buildSlim } from '../../src/pipeline.ts';
import { loadProbeFile } from '../../src/probe/file/load.ts';
import { poll } from '../../src/probe/poll.ts';
import type { Outcome } from '../../src/probe/types.ts';
import type { Report } from '../../src/report/report.ts';
import { displayPath } from '../../src/rootfs/path.ts';
import type { ProbeSettings, RunSettings } from '../../src/settings.ts';
import { stateDirectory } from '../../src/state.ts';
import { planRun } from '../../src/trace/plan-run.ts';
import { type RunPlan, type RunRecord, recordRun } from '../../src/trace/record.ts';
import type { Tracing } from '../../src/trace/traced-command.ts';
import { temporaryDirectory, testContext } from '../support/engine.ts';
import { ALL_ENGINES, describeEngines } from '../support/engines.ts';
import { fixtureImage } from '../support/fixture-images.ts';
import { type ImageEntry, imagePaths } from '../support/image-paths.ts';
import { buildSettings, defaultProbes, execProbes, plainRun } from '../support/settings.ts';

const work = temporaryDirectory();
const { signal } = new AbortController();
let engine: Engine;
let image: Image;
let fat: OpenedImage;
let setuid: string;

beforeAll(async () => {
  setuid = `docker-archive:${fixtureImage('setuid')}`;
  image = await openImage(setuid, { signal });
  engine = await openLocalEngine(stateDirectory(), { signal });
  fat = await engine.open(image, { signal });
});
afterAll(async () => {
  await fat[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
  await image[Symbol.asyncDispose]();
  work[Symbol.dispose]();
});

function build(run: Partial<RunSettings>, changes: Parameters<typeof buildSettings>[2] = {}): Promise<Report> {
  const output = `docker-archive:${join(work.path, 'slim.tar')}`;
  return buildSlim(buildSettings(setuid, output, { run: { ...plainRun, ...run }, ...changes }), testContext());
}

/** Programs run by probes as users that the image's is not. */
const OTHERS = [
  { command: ['peek', '/etc/peek/for-root'], user: 'www-data' },
  { command: 'head -c5 /etc/passwd; pwd; cat for-root', user: '0:0', workdir: '/etc/peek' },
];

async function fileProbes(execs: readonly object[]): Promise<ProbeSettings> {
  const path = join(work.path, 'probes.yaml');
  await writeFile(path, JSON.stringify({ version: 1, probes: execs.map((exec) => ({ exec })) }));
  return { ...execProbes(), files: [await loadProbeFile(path)] };
}

/** One run of the image with a command of its own. */
function record(tracing: Tracing, Cmd: string[], changes: Partial<RunPlan> = {}, from = fat): Promise<RunRecord> {
  const run: RunSettings = { ...plainRun, config: { Cmd } };
  const { plan } = planRun(from, { run, probes: { ...defaultProbes, healthcheck: false }, tracing });
  return recordRun(from, { ...plan, ...changes }, { signal, progress: () => {} });
}

function factOf(outcome: Outcome | undefined, name: string): string | undefined {
  return outcome?.facts.find((fact) => fact.name === name)?.value;
}

function sortedLines(text: string): string[] {
  return text.split('\n').sort();
}

function stdoutOf({ outcomes }: RunRecord): string {
  return factOf(outcomes[0], 'stdout') ?? '';
}

describeEngines(ALL_ENGINES, 'on $name an image whose user gains privileges by programs', ({ settings }) => {
  let report: Report;
  let slim: ReadonlyMap<string, ImageEntry>;

  beforeAll(async () => {
    report = await build({}, { engine: settings, probes: await fileProbes(OTHERS) });
    slim = await imagePaths(join(work.path, 'slim.tar'));
  });

  test('is traced from outside without being told, and says which programs are why', () => {
    expect(report).toMatchObject({ status: 'verified', tracing: 'attach', trace: { complete: true, losses: [] } });
    expect(report.warnings).toContainEqual(
      expect.stringMatching(/attached from outside: .*peek \(setuid\).*\(setgid\).*capable-peek \(file capabilities\)/),
    );
  });

  test('has them work under the tracer, in the original and in the slim image', () => {
    const [command] = report.probes;
    for (const outcome of [command?.fat, command?.slim ?? undefined]) {
      expect(factOf(outcome, 'stdout')).toBe(
        [
          'uid 1000 euid 0 egid 1000\nonly root may read this\n',
          'uid 1000 euid 1000 egid 42\nonly the group may read this\n',
          'uid 1000 euid 1000 egid 1000\nonly root may read this\n',
        ].join(''),
      );
    }
  });

  test('has them work for other users whom probes name, who are the same in the slim image', () => {
    for (const side of ['fat', 'slim'] as const) {
      const stdout = report.probes.slice(1).map((probe) => factOf(probe[side] ?? undefined, 'stdout'));
      expect(stdout).toEqual([
        'uid 33 euid 0 egid 33\nonly root may read this\n',
        'root:/etc/peek\nonly root may read this\n',
      ]);
    }
  });

  test('keeps them with what gives the privileges', () => {
    expect(slim.get('/usr/local/bin/peek')?.mode).toBe(0o4755);
    expect(slim.get('/usr/local/bin/group-peek')).toMatchObject({ mode: 0o2755, gid: 42 });
    expect(slim.get('/usr/local/bin/capable-peek')?.xattrs).toHaveProperty('security.capability');
  });

  test('keeps what only they could read, and nothing of the gate', () => {
    expect([...slim.keys()]).toEqual(expect.arrayContaining(['/etc/peek/for-root', '/etc/peek/for-group']));
    expect(slim.has('/etc/peek/for-all')).toBe(false);
    expect(slim.has('/usr/bin/sleep')).toBe(false);
  });
});

describe('tracing', () => {
  test('from within is refused where it takes privileges away', async () => {
    await expect(build({ tracer: 'wrap' })).rejects.toMatchObject({
      code: 'TRACE_INCOMPLETE',
      message: expect.stringContaining('/usr/local/bin/peek (setuid)'),
      hint: expect.stringContaining('--tracer attach'),
    });
  });

  test('stays the cheap one where root alone is given them by probes', async () => {
    const probes = await fileProbes([{ command: ['peek', '/etc/peek/for-root'], user: 'root' }]);
    const report = await build({ config: { Cmd: ['plain-peek', '/etc/peek/for-all'] } }, { probes });
    expect(report).toMatchObject({ status: 'verified', tracing: 'wrap' });
    expect(factOf(report.probes[1]?.slim ?? undefined, 'stdout')).toContain('uid 0 euid 0');
  });

  test("from outside is chosen for a probe as a plain user in root's container", async () => {
    const probes = await fileProbes([{ command: ['peek', '/etc/peek/for-root'], user: 'app' }]);
    const report = await build({ config: { User: 'root', Cmd: ['plain-peek', '/etc/peek/for-all'] } }, { probes });
    expect(report).toMatchObject({ status: 'verified', tracing: 'attach' });
    expect(factOf(report.probes[1]?.slim ?? undefined, 'stdout')).toContain('uid 1000 euid 0');
  });

  test.each<[string, Partial<RunSettings>]>([
    ['executes none of them', { config: { Cmd: ['plain-peek', '/etc/peek/for-all'] } }],
    ['is root', { config: { User: 'root' } }],
  ])('stays the cheap one for an application that %s', async (_, run) => {
    expect(await build(run)).toMatchObject({ status: 'verified', tracing: 'wrap' });
  });

  test('from outside is chosen for what probes execute, also as a user without a name', async () => {
    const report = await build(
      { config: { User: '4711:4711', Cmd: ['plain-peek', '/etc/peek/for-all'] } },
      { probes: execProbes('peek /etc/peek/for-root') },
    );
    expect(report).toMatchObject({ status: 'verified', tracing: 'attach' });
    expect(factOf(report.probes[1]?.slim ?? undefined, 'stdout')).toContain('uid 4711 euid 0');
  });

  test('from outside is chosen where root becomes a user who gains privileges', async () => {
    const Cmd = ['setpriv', '--reuid', 'app', '--clear-groups', 'peek', '/etc/peek/for-root'];
    const report = await build({ config: { User: 'root', Cmd } });
    expect(report).toMatchObject({ status: 'verified', tracing: 'attach' });
    expect(factOf(report.probes[0]?.slim ?? undefined, 'stdout')).toContain('uid 1000 euid 0');
  });
});

describe('an application that the tracer is attached to', () => {
  const NOTHING_AROUND =
    'cat /proc/self/cmdline | tr "\\0" " "; ls /proc/self/fd | wc -l; umask; ulimit -n; env -u PWD';

  test.each([
    ['arguments, environment, descriptors', ['sh', '-c', NOTHING_AROUND]],
    ['environment', ['env']],
    ['an input that is at its end', ['cat']],
  ])('sees the same of %s as an untraced one', async (_, command) => {
    const [attached, untraced] = await Promise.all([
      record('attach', command),
      record('attach', command, { isTraced: false, hold: async ({ ended }) => void (await ended) }),
    ]);
    expect(factOf(attached.outcomes[0], 'exit status')).toBe('0');
    expect(sortedLines(stdoutOf(attached))).toEqual(sortedLines(stdoutOf(untraced)));
    expect(attached.trace.completeness).toMatchObject({ complete: true, losses: [] });
  });

  test('leaves the same trace as one that the tracer has started', async () => {
    const script = 'cd /etc && cat hostname debian_version; (ls peek; true) | cat; exec plain-peek peek/for-all';
    const paths = async (tracing: Tracing) =>
      (await record(tracing, ['sh', '-c', script])).trace.accesses
        .filter(({ operation, errno }) => operation !== 'execute' || errno === undefined)
        .map(({ operation, asked, errno, executable }) =>
          [operation, displayPath(asked), errno, executable && displayPath(executable)].join(' '),
        );
    // The shell behind a gate looks the first program up by itself, as the tracer does by stat.
    const [attached, wrapped] = await Promise.all([paths('attach'), paths('wrap')]);
    expect([...new Set(attached)].sort()).toEqual([...new Set(wrapped)].sort());
  });

  test('gets its stop signal, and ends with a status of its own', async () => {
    const script = 'trap "exit 42" TERM; sleep 1000 & wait';
    const stopped = await record('attach', ['sh', '-c', script], { hold: untilTraced });
    expect(factOf(stopped.outcomes[0], 'exit status')).toBe('42');
    expect(stopped.trace.completeness.losses).toEqual([]);
  });
});

describe('a tracer that is gone before a command has ended well', () => {
  const command = ['sh', '-c', 'sleep 1; exit 0'];

  test('is noticed where it was attached', async () => {
    const run = await record('attach', command, {}, startingWith(fat, killTracer));
    expect(factOf(run.outcomes[0], 'exit status')).toBe('0');
    expect(run.trace.completeness.losses).toEqual(['the tracer was gone before the command ended']);
  });

  test('lets nothing end well that it had started', async () => {
    const run = await record('wrap', command, {}, startingWith(fat, killTracer));
    expect(factOf(run.outcomes[0], 'exit status')).toBe('139');
  });

  test('is no matter of a command that a signal ends', async () => {
    const run = await record('wrap', ['perl', '-MPOSIX', '-e', 'abort']);
    expect(Number(factOf(run.outcomes[0], 'exit status'))).toBeGreaterThan(128);
    expect(run.trace.completeness.losses).toEqual([]);
  });
});

async function untilTraced(container: Container): Promise<void> {
  expect(await container.isTraced()).toBe(true);
}

/** An image that does something with every container it has started. */
function startingWith(opened: OpenedImage, after: (container: Container) => Promise<void>): OpenedImage {
  return {
    image: opened.image,
    rootfs: opened.rootfs,
    pack: (...given) => opened.pack(...given),
    start: async (...given) => {
      const container = await opened.start(...given);
      void after(container);
      return container;
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/** As soon as the application is under way. */
async function killTracer({ toolkit }: Container): Promise<void> {
  const find = async () => tracerOf('sleep\x001\0', toolkit.strace);
  const pid = await poll(find, { timeoutMs: 10_000, signal });
  process.kill(pid ?? Number.NaN, 'SIGKILL');
}

/** The process that traces a command of this host's, if it is the given program. */
function tracerOf(command: string, tracer: string): number | undefined {
  const traced = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && read(`/proc/${pid}/cmdline`) === command);
  const tracers = traced.map((pid) => Number(/^TracerPid:\t(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0));
  return tracers.find((pid) => read(`/proc/${pid}/cmdline`).split('\0').includes(tracer));
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
