import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fixtureImage } from '../support/fixture-images.ts';
import { printed } from '../support/printed.ts';

const PROGRAM = new URL('../../bin/trace-slim.js', import.meta.url).pathname;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-build-'));
  await copyFile(fixtureImage('nginx'), join(folder, 'nginx.tar'));
});

afterAll(() => rm(folder, { recursive: true }));

function traceSlim(...argv: string[]) {
  const env = { TRACE_SLIM_HOME: join(folder, 'state'), NO_COLOR: '1' };
  return execa('node', [PROGRAM, ...argv], { cwd: folder, env, reject: false, forceKillAfterDelay: false });
}

test('building prints the report on stdout and a line for each stage on stderr', async () => {
  const { exitCode, stdout, stderr } = await traceSlim('build', 'nginx.tar', '--report', 'report.json', '--json');
  expect(stderr.split('\n').map((line) => line.split(' ')[0])).toEqual([
    ...['connect', 'open', 'trace', 'plan', 'pack', 'verify', 'write', 'report'],
  ]);
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, status: 'verified' });
  expect(JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'))).toEqual(JSON.parse(stdout));
  const { stdout: reason } = await traceSlim('explain', '/etc/nginx/nginx.conf');
  expect(reason).toContain('/etc/nginx/nginx.conf is kept');
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s during a run cleans up and ends with exit status %d', async (signal, exitStatus) => {
  const argv = ['build', 'nginx.tar', '-o', 'docker-archive:unwanted.tar', '--continue-after', 'enter'];
  const running = traceSlim(...argv);
  await printed(running.stderr, 'press enter');
  running.kill(signal);
  const { exitCode, stdout } = await running;
  expect({ exitCode, stdout }).toEqual({ exitCode: exitStatus, stdout: '' });
  expect(await readdir(folder)).not.toContain('unwanted.tar');
  expect(await traceSlim('clean')).toMatchObject({ stdout: expect.stringMatching(/(?:^|\n)nothing to remove$/) });
});
