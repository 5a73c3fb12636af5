import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { printed } from '../support/printed.ts';
import { reportOf } from '../support/report.ts';

const PROGRAM = new URL('../../bin/trace-slim.js', import.meta.url).pathname;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-'));
});

afterAll(() => rm(folder, { recursive: true }));

/** Runs the built program in an empty folder, with caches of its own. */
function traceSlim(...argv: string[]) {
  const env = { TRACE_SLIM_HOME: join(folder, 'state'), NO_COLOR: '1' };
  return execa('node', [PROGRAM, ...argv], { cwd: folder, env, reject: false, stdin: 'ignore' });
}

test('the version is on stdout, alone', async () => {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(await traceSlim('--version')).toMatchObject({ exitCode: 0, stdout: version, stderr: '' });
});

test('help is on stdout and starts with examples before any option', async () => {
  const { exitCode, stdout, stderr } = await traceSlim('build', '--help');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout.indexOf('Examples:')).toBeGreaterThan(0);
  expect(stdout.indexOf('Examples:')).toBeLessThan(stdout.indexOf('Options:'));
});

test('without a command the help is on stderr, as wrong usage', async () => {
  const { exitCode, stdout, stderr } = await traceSlim();
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain('Usage: trace-slim');
});

test.each([
  [['bulid', 'x'], "error: unknown command 'bulid'\nhint: Did you mean build?"],
  [['build', '--exce', 'x'], "error: unknown option '--exce'\nhint: Did you mean --exec?"],
  [['build', '--progress', 'loud', 'x'], "error: option '--progress <how>' argument 'loud' is invalid."],
  [['verify', 'one.tar'], "error: missing required argument 'slim'"],
  [['build', 'x.tar', '--continue-after', 'never'], 'error: --continue-after does not take "never"'],
  [['build', 'x.tar', '--exec-file', 'none.sh'], 'error: cannot read --exec-file none.sh: no such file'],
])('%j is wrong usage: exit status 2 and a message on stderr', async (argv, message) => {
  const { exitCode, stdout, stderr } = await traceSlim(...argv);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain(message);
});

test.each([['--json'], ['--output-format', 'json']])(
  'with %s %s an error is one document on stdout',
  async (...argv) => {
    const { exitCode, stdout } = await traceSlim('build', ...argv);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      schemaVersion: 1,
      tool: { name: 'trace-slim', version: expect.any(String) },
      status: 'error',
      exitStatus: 2,
      error: { code: 'USAGE_INVALID', message: 'no image is given', hint: expect.any(String), context: {} },
      source: null,
      probes: [],
      failedProbes: [],
    });
  },
);

test('an image that is not there is exit status 7', async () => {
  const { exitCode, stdout, stderr } = await traceSlim('build', 'docker-archive:none.tar');
  expect({ exitCode, stdout }).toEqual({ exitCode: 7, stdout: '' });
  expect(stderr).toMatch(/^error: .*none\.tar/m);
  expect(stderr).toMatch(/^hint: /m);
});

test('explain without any report says how to get one', async () => {
  const { exitCode, stderr } = await traceSlim('explain', '/bin/sh');
  expect(exitCode).toBe(2);
  expect(stderr).toContain('hint: run `trace-slim build` first');
});

test('explain reads the report that is named', async () => {
  await writeFile(join(folder, 'report.json'), JSON.stringify(reportOf()));
  const kept = await traceSlim('explain', '--report', 'report.json', '/usr/sbin/nginx');
  expect(kept).toMatchObject({ exitCode: 0, stderr: '' });
  expect(kept.stdout).toContain('executed at the start');
  const removed = await traceSlim('explain', '--report', 'report.json', '/usr/bin/perl', '--json');
  expect(JSON.parse(removed.stdout)).toMatchObject({ path: '/usr/bin/perl', state: 'removed', package: 'perl' });
});

test('doctor prints one document with --json', async () => {
  const { stdout, exitCode } = await traceSlim('doctor', '--json');
  const diagnosis = JSON.parse(stdout);
  expect(diagnosis).toMatchObject({ local: { usable: true, checks: expect.any(Array) }, daemons: expect.any(Array) });
  expect(exitCode).toBe(diagnosis.usable ? 0 : 6);
});

test('cleaning with nothing to clean is fine', async () => {
  expect(await traceSlim('clean')).toMatchObject({ exitCode: 0, stdout: 'nothing to remove' });
});

test('a reader that goes away is not an error', async () => {
  const script = `node ${PROGRAM} build --help | true; echo "\${PIPESTATUS[0]}"`;
  expect(await execa('bash', ['-c', script])).toMatchObject({ stdout: '0', stderr: '' });
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  'a second %s ends the program although it is waiting for a file',
  async (signal) => {
    // A fifo that nobody writes to: opening it blocks.
    const fifo = join(folder, signal);
    await execa('mkfifo', [fifo]);
    const running = execa('node', [PROGRAM, 'build', 'x.tar', '--exec-file', fifo, '--show-clogs'], {
      cwd: folder,
      reject: false,
      forceKillAfterDelay: false,
    });
    // Printed right before files are read.
    await printed(running.stderr, 'notice:');
    running.kill(signal);
    await printed(running.stderr, 'once more to stop at once');
    running.kill(signal);
    expect(await running).toMatchObject({ signal });
  },
);
