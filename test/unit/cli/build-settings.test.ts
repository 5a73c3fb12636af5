import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runProgram } from '../../../src/cli/program.ts';
import type { BuildSettings } from '../../../src/settings.ts';
import { PLAIN_CHECKS, PLAIN_CONTAINER } from '../../../src/settings.ts';
import { reportOf } from '../../support/report.ts';
import type { Pipeline } from '../../support/session.ts';
import { fakeSession } from '../../support/session.ts';
import { NO_EDITS } from '../../support/settings.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'options-'));
});

afterAll(() => rm(folder, { recursive: true }));

/** The settings that `build` hands to the pipeline, and what was said on the way. */
async function settingsFor(argv: readonly string[], env: NodeJS.ProcessEnv = {}) {
  let received: BuildSettings | undefined;
  const buildSlim: Pipeline['buildSlim'] = async (settings) => {
    received = settings;
    return reportOf();
  };
  const session = fakeSession({ buildSlim }, env);
  await runProgram(argv, session);
  if (!received) throw new Error('the pipeline was not called');
  return { settings: received, stderr: session.printed.stderr };
}

async function file(name: string, content: string): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

test('an image alone gets every default', async () => {
  const { settings, stderr } = await settingsFor(['build', 'nginx.tar']);
  expect(settings).toEqual({
    source: 'nginx.tar',
    outputs: [],
    tags: [],
    run: { config: {}, env: [], container: PLAIN_CONTAINER },
    engine: { engine: 'auto', pull: 'missing' },
    layers: 'single',
    edits: NO_EDITS,
    probes: {
      exec: [],
      execFiles: [],
      files: [],
      http: {
        enabled: true,
        commands: [],
        crawl: true,
        crawlMaxDepth: 3,
        crawlMaxPages: 1000,
        crawlMaxTimeMs: 60_000,
        ports: [],
        timeoutMs: 30_000,
      },
      healthcheck: true,
      continueAfter: ['probe', 'exec'],
      allowFailing: false,
      ready: { timeoutMs: 60_000, healthcheck: false, ports: [] },
    },
    keep: { includes: [], excludes: [] },
    verify: true,
    allowIncomplete: false,
    maxRounds: 5,
    checks: PLAIN_CHECKS,
  });
  expect(stderr).toBe('');
});

test("SlimToolkit's command line for the Azure CLI is understood unchanged", async () => {
  const script = await file('slim-exec.sh', 'az --version\n');
  const { settings, stderr } = await settingsFor([
    'build',
    '--http-probe=false',
    '--continue-after=exec',
    '--include-shell',
    '--include-bin=/bin/bash',
    '--include-bin=/opt/azcopy/azcopy',
    '--include-bin=/usr/local/bin/az',
    '--include-path=/usr/local/lib/python3.10',
    '--include-path=/script.sh',
    `--exec-file=${script}`,
    '--target=az.tar',
  ]);
  expect(settings.source).toBe('az.tar');
  expect(settings.probes.http.enabled).toBe(false);
  expect(settings.probes.continueAfter).toEqual(['exec']);
  expect(settings.probes.execFiles).toEqual([{ path: script, content: Buffer.from('az --version\n') }]);
  expect(settings.keep.includes).toEqual([
    { option: '--include-path', kind: 'path', value: '/usr/local/lib/python3.10' },
    { option: '--include-path', kind: 'path', value: '/script.sh' },
    { option: '--include-bin', kind: 'binary', value: '/bin/bash' },
    { option: '--include-bin', kind: 'binary', value: '/opt/azcopy/azcopy' },
    { option: '--include-bin', kind: 'binary', value: '/usr/local/bin/az' },
    { option: '--include-shell', kind: 'shell', value: '' },
  ]);
  expect(stderr).toBe('');
});

describe('each option reaches its setting', () => {
  test.each<[string[], (settings: BuildSettings) => unknown, unknown]>([
    [['-o', 'oci:a', '--output=oci-archive:b'], (s) => s.outputs, ['oci:a', 'oci-archive:b']],
    [['-t', 'a:1', '--tag', 'b:2'], (s) => s.tags, ['a:1', 'b:2']],
    [['--report', 'r.json'], (s) => s.reportPath, 'r.json'],
    [['--report=off'], (s) => s.reportPath, undefined],
    [['--no-verify'], (s) => s.verify, false],
    [['--verify=false'], (s) => s.verify, false],
    [['--no-verify', '--verify'], (s) => s.verify, true],
    [['--max-rounds', '0'], (s) => s.maxRounds, 0],
    [['--allow-incomplete-trace'], (s) => s.allowIncomplete, true],
    [['--exec', 'a b', '--exec=-c'], (s) => s.probes.exec, ['a b', '-c']],
    [['--no-http-probe'], (s) => s.probes.http.enabled, false],
    [['--http-probe-off'], (s) => s.probes.http.enabled, false],
    [['--http-probe'], (s) => s.probes.http.enabled, true],
    [['--http-probe=TRUE'], (s) => s.probes.http.enabled, true],
    [['--http-probe-crawl=false'], (s) => s.probes.http.crawl, false],
    [['--http-probe-ports', '80, 8080', '--http-probe-ports=9000'], (s) => s.probes.http.ports, [80, 8080, 9000]],
    [['--http-probe-client-timeout=5'], (s) => s.probes.http.timeoutMs, 5000],
    [['--http-crawl-max-depth', '1'], (s) => s.probes.http.crawlMaxDepth, 1],
    [['--http-crawl-max-page-count', '7'], (s) => s.probes.http.crawlMaxPages, 7],
    [['--no-healthcheck'], (s) => s.probes.healthcheck, false],
    [['--allow-failing-probes'], (s) => s.probes.allowFailing, true],
    [['--continue-after', 'probe&exec'], (s) => s.probes.continueAfter, ['probe', 'exec']],
    [['--continue-after=timeout'], (s) => s.probes.continueAfter, [{ timeoutMs: 60_000 }]],
    [['--continue-after=15'], (s) => s.probes.continueAfter, [{ timeoutMs: 15_000 }]],
    [['--continue-after=probe&app-exit'], (s) => s.probes.continueAfter, ['probe', 'exit']],
    [['--continue-after=host-exec'], (s) => s.probes.continueAfter, ['probe']],
    [['--http-probe-start-wait=4'], (s) => s.probes.ready.waitMs, 4000],
    [['--continue-after=enter'], (s) => s.probes.continueAfter, ['enter']],
    [['--ready-timeout', '2m'], (s) => s.probes.ready.timeoutMs, 120_000],
    [['--ready-cmd', 'test -e /ok'], (s) => s.probes.ready.command, 'test -e /ok'],
    [['--ready-port', '5432/tcp'], (s) => s.probes.ready.ports, [5432]],
    [['--ready-healthcheck'], (s) => s.probes.ready.healthcheck, true],
    [['--cmd', 'serve "a b"'], (s) => s.run.config, { Cmd: ['serve', 'a b'] }],
    [['--cmd', ' '], (s) => s.run.config, { Cmd: [] }],
    [['--entrypoint', '["/a","b"]'], (s) => s.run.config, { Entrypoint: ['/a', 'b'], Cmd: null }],
    [['--user=10:20', '--workdir=/w'], (s) => s.run.config, { User: '10:20', WorkingDir: '/w' }],
    [['--expose', '80', '--expose=81/tcp'], (s) => s.run.config, { ExposedPorts: { '80/tcp': {}, '81/tcp': {} } }],
    [['--health-cmd', 'ok'], (s) => s.run.config, { Healthcheck: { Test: ['CMD-SHELL', 'ok'] } }],
    [['--env', 'A=1=2', '--env', 'FROM_HOST', '--env', 'ABSENT'], (s) => s.run.env, ['A=1=2', 'FROM_HOST=yes']],
    [['--network', 'host'], (s) => s.run.container.network, 'host'],
    [['--exclude-pattern', '/a/**'], (s) => s.keep.excludes, ['/a/**']],
    [
      ['--http-probe-cmd', 'crawl:POST:/x'],
      (s) => s.probes.http.commands,
      [{ method: 'POST', resource: '/x', headers: [], crawl: true }],
    ],
  ])('%j', async (options, pick, expected) => {
    const { settings } = await settingsFor(['build', 'x.tar', ...options], { FROM_HOST: 'yes' });
    expect(pick(settings)).toEqual(expected);
  });
});

test('include files are read, and permissions in them are changes of the result', async () => {
  const list = await file('paths.txt', '# comment\n/a\n/b:0755#0#0\n');
  const { settings } = await settingsFor(['build', 'x.tar', '--include-path-file', list]);
  expect(settings.keep.includes).toEqual([
    { option: '--include-path-file', kind: 'path', value: '/a' },
    { option: '--include-path-file', kind: 'path', value: '/b' },
  ]);
  expect(settings.keep.permissions).toEqual([
    { option: '--include-path-file', path: '/b', mode: 0o755, uid: 0, gid: 0 },
  ]);
});

test('environment files hold a name=value a line', async () => {
  const path = await file('env', '# comment\nA=1\n\nB=two words\nHOME_OF_HOST\n');
  const { settings } = await settingsFor(['build', 'x.tar', '--env-file', path, '--env=C=3'], { HOME_OF_HOST: '/h' });
  expect(settings.run.env).toEqual(['A=1', 'B=two words', 'HOME_OF_HOST=/h', 'C=3']);
});

test('a request file holds JSON', async () => {
  const path = await file('requests.json', '{"commands":[{"resource":"/login","method":"POST","port":8080}]}');
  const { settings } = await settingsFor(['build', 'x.tar', '--http-probe-cmd-file', path]);
  expect(settings.probes.http.commands).toMatchObject([{ method: 'POST', resource: '/login', port: 8080 }]);
});

test('preserving a path is keeping it, with a notice', async () => {
  const { settings, stderr } = await settingsFor(['build', 'x.tar', '--preserve-path', '/data']);
  expect(settings.keep.includes).toEqual([{ option: '--preserve-path', kind: 'path', value: '/data' }]);
  expect(stderr).toMatch(/^notice: --preserve-path is the same as --include-path/);
});

test("SlimToolkit's options without a counterpart are named and left out, also before the command", async () => {
  const { settings, stderr } = await settingsFor(['--log-level', 'info', 'build', '--show-clogs', 'x.tar']);
  expect(settings.source).toBe('x.tar');
  expect(stderr.split('\n').map((line) => line.split(':').slice(0, 2).join(':'))).toEqual([
    'notice: --log-level is ignored',
    'notice: --show-clogs is ignored',
    '',
  ]);
});

test('notices are not shown with --quiet', async () => {
  expect((await settingsFor(['build', 'x.tar', '-q', '--show-clogs'])).stderr).toBe('');
});

test('masks are for every probe', async () => {
  const { settings } = await settingsFor(['build', 'x.tar', '--mask', '/a b/', '--mask=$.id', '--exec', 'true']);
  expect(settings.probes.masks).toEqual(['/a b/', '$.id']);
});

test('an image as the first word is built', async () => {
  expect((await settingsFor(['docker-archive:x.tar', '--no-verify'])).settings).toMatchObject({
    source: 'docker-archive:x.tar',
    verify: false,
  });
});

test.each([
  [['build'], 'no image is given'],
  [['build', 'a.tar', '--target', 'b.tar'], 'two images are given'],
  [['build', 'a.tar', '--http-probe=maybe'], '--http-probe does not take "maybe"'],
  [['build', 'a.tar', '--continue-after', 'container.probe'], '--continue-after does not take "container.probe"'],
  [['build', 'a.tar', '--ready-timeout', 'soon'], '--ready-timeout does not take "soon"'],
  [['build', 'a.tar', '--ready-timeout', '999h'], '--ready-timeout does not take "999h"'],
  [['build', 'a.tar', '--http-probe-ports', '80,99999'], '--http-probe-ports does not take "99999"'],
  [['build', 'a.tar', '--max-rounds', '-1'], '--max-rounds does not take "-1"'],
  [['build', 'a.tar', '--cmd', 'say "hi'], '--cmd does not take "say \\"hi"'],
  [['build', 'a.tar', '--cmd', '[1]'], '--cmd does not take "[1]"'],
  [['build', 'a.tar', '--env', '=x'], '--env does not take "=x"'],
  [['build', 'a.tar', '--pull', 'sometimes'], '--pull does not take "sometimes"'],
  [['build', 'a.tar', '--mask', '/a', '--mask', '/b/'], '--mask does not take "/a"'],
  [['build', 'a.tar', '--mount', '/a:b'], '--mount does not take "/a:b"'],
  [['build', 'a.tar', '--exec-file', '/nowhere/x.sh'], 'cannot read --exec-file /nowhere/x.sh: no such file'],
])('%j is refused as wrong usage', async (argv, message) => {
  await expect(settingsFor(argv)).rejects.toMatchObject({ code: 'USAGE_INVALID', message });
});
