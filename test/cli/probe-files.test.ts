import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { startProgram } from '../support/command-line.ts';
import { temporaryDirectory } from '../support/engine.ts';
import { fixtureImage } from '../support/fixture-images.ts';

const work = temporaryDirectory();
afterAll(() => work[Symbol.dispose]());

async function build(probes: string, ...argv: string[]) {
  await writeFile(join(work.path, 'probes.yaml'), `version: 1\n${probes}`);
  const image = `docker-archive:${fixtureImage('nginx')}`;
  const all = ['build', image, '-o', 'docker-archive:slim.tar', '--engine', 'local', '--probe', 'probes.yaml', ...argv];
  return startProgram(all, { home: join(work.path, 'state'), cwd: work.path }).ended;
}

test('mistakes in a probe file are told all at once, with their places, and end with exit status 2', async () => {
  const { status, stderr } = await build('probes:\n  - htp: GET /\n  - http: GET\n    timeout: long\n');
  expect(status).toBe(2);
  expect(stderr).toContain('probes.yaml:3:5: probes[0].htp: unknown key');
  expect(stderr).toContain('probes.yaml:4:11: probes[1].http: write it as METHOD /PATH');
  expect(stderr).toContain('probes.yaml:5:14: probes[1].timeout: give a time');
});

test('what was expected and what came instead is told with exit status 3', async () => {
  const { status, stderr } = await build('probes: [{ http: GET /, expect: { status: 201 } }]');
  expect([status, stderr]).toEqual([3, expect.stringContaining('status expected to be 201, is 200')]);
});

test('what is as expected on the original image only is a difference, and ends with exit status 4', async () => {
  const probes = 'probes: [{ exec: cat /etc/debian_version, expect: { stdout: { matches: "^1" } } }]';
  const excluding = ['--exclude-pattern', '/etc/debian_version'];
  const { status, stdout } = await build(probes, ...excluding);
  expect([status, stdout]).toEqual([4, expect.stringContaining('exec cat /etc/debian_version')]);
});

test('a probe file takes the place of GET /, and a command of this host is added to it', async () => {
  const host = ['--host-exec', 'test "$TRACE_SLIM_HOST" = 127.0.0.1'];
  const { status, stdout } = await build('probes: [{ name: start page, http: / }]', '--json', ...host);
  const { probes } = JSON.parse(stdout);
  expect(status).toBe(0);
  expect(probes.map(({ probe }: { probe: string }) => probe)).toEqual([
    'command',
    'start page',
    'host-exec test "$TRACE_SLIM_HOST" = 127.0.0.1',
  ]);
});
