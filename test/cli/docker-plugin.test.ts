import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryDirectory } from '../support/engine.ts';

const PROGRAM = new URL('../../bin/trace-slim.js', import.meta.url).pathname;
const work = temporaryDirectory();
const env = { PATH: process.env.PATH, DOCKER_CONFIG: work.path, NO_COLOR: '1' };
afterAll(() => work[Symbol.dispose]());

const docker = (...argv: string[]) => execFileSync('docker', argv, { env, encoding: 'utf8' });

beforeAll(() => {
  execFileSync(process.execPath, [PROGRAM, 'doctor', '--install-plugin'], { env });
});

test('the docker client lists the plugin among its commands', () => {
  expect(docker('--help')).toMatch(/^ +traceslim\*? +Make container images small/m);
});

test('a command line after the docker client is ours', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  expect(docker('traceslim', '--version')).toBe(`${version}\n`);
  expect(docker('traceslim', 'build', '--help')).toContain('Usage: trace-slim build');
});

test("the docker client's own options reach the program, and its exit status comes back", () => {
  let failure: { status?: number; stdout?: string } = {};
  try {
    docker('--host', 'unix:///nowhere/d.sock', 'traceslim', 'build', 'no-such-image', '--engine', 'docker', '--json');
  } catch (error) {
    failure = error as typeof failure;
  }
  expect(failure.status).toBe(6);
  expect(JSON.parse(failure.stdout ?? '')).toMatchObject({
    error: { code: 'ENGINE_UNAVAILABLE', message: expect.stringContaining('unix:///nowhere/d.sock') },
  });
});
