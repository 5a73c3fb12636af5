import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SERVICE_ON_DEMAND } from '../../../../../src/engine/docker/api/candidates.ts';
import { connectDaemon } from '../../../../../src/engine/docker/api/connect.ts';
import { tryDaemon } from '../../../../../src/engine/docker/api/try-daemon.ts';
import type { EngineSettings } from '../../../../../src/settings.ts';
import { fakeDaemon, newUser } from '../../../../support/fake-daemon.ts';

const AUTO: EngineSettings = { engine: 'auto', pull: 'missing' };
const { signal } = new AbortController();
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'programs-'));
  vi.stubEnv('PATH', `${folder}:/usr/bin:/bin:${dirname(process.execPath)}`);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function addProgram(name: string, script: string) {
  await writeFile(join(folder, name), script);
  await chmod(join(folder, name), 0o755);
}

/** Stands for `ssh HOST docker system dial-stdio`: notes its arguments and connects to a socket. */
const relay = (socketPath: string) => `#!${process.execPath}
if (process.argv.includes('-O')) process.exit();
require('node:fs').writeFileSync('${folder}/arguments', process.argv.slice(2).join('\\n'));
const socket = require('node:net').connect({ path: '${socketPath}', allowHalfOpen: true });
process.stdin.pipe(socket).pipe(process.stdout);
`;

test("a daemon of another host is reached through the user's ssh", async () => {
  await using fake = await fakeDaemon({ images: ['x'] });
  await using user = await newUser();
  await addProgram('ssh', relay(fake.socketPath));
  const host = "ssh://tom@far:2222/run/o'dd/docker.sock";
  const daemon = await connectDaemon({ ...AUTO, host }, { wanted: ['x'], signal, user });
  expect(daemon).toMatchObject({ name: 'docker', isLocal: false, address: expect.stringMatching(/^unix:\/\//) });
  expect(await daemon.docker.getImage('x').inspect()).toEqual({ Id: 'sha256:1' });
  const words = (await readFile(join(folder, 'arguments'), 'utf8')).split('\n');
  expect(words.slice(words.indexOf('-l'))).toEqual([
    ...['-l', 'tom', '-p', '2222', '-T', '--', 'far'],
    ...['docker', '--host', "'unix:///run/o'\\''dd/docker.sock'", 'system', 'dial-stdio'],
  ]);
  await daemon.close();
  await expect(stat(daemon.address.slice('unix://'.length))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('what ssh complains about is the reason', async () => {
  await using user = await newUser();
  await addProgram(
    'ssh',
    '#!/bin/sh\necho "Host key verification failed." >&2\necho "ControlSocket /x already exists, disabling" >&2\nexit 255\n',
  );
  await expect(connectDaemon({ ...AUTO, host: 'ssh://far' }, { wanted: [], signal, user })).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message: 'connecting to ssh://far failed: Host key verification failed.',
  });
});

/** Stands for `podman system service --time=0 unix://SOCKET`. */
const podman = (notes: string) => `#!${process.execPath}
const path = process.argv.at(-1).slice('unix://'.length);
require('node:fs').writeFileSync('${notes}/service', JSON.stringify({ path, pid: process.pid, words: process.argv.slice(2, -1) }));
require('node:http').createServer((request, response) => {
  response.setHeader('Libpod-Api-Version', '4.3.1');
  response.setHeader('Api-Version', '1.41');
  response.end('{"ServerVersion":"4.3.1"}');
}).listen(path);
`;

/** Not by `connectDaemon`: it would first find what runs on this host. */
const onDemand = () => tryDaemon({ origin: 'Podman on demand', address: SERVICE_ON_DEMAND }, { signal });

test("Podman's service is started when it is asked for, and stopped with the connection", async () => {
  await addProgram('podman', podman(folder));
  const { daemon } = await onDemand();
  expect(daemon).toMatchObject({ name: 'podman', isLocal: true, info: { version: '4.3.1' } });
  const { path, pid, words } = JSON.parse(await readFile(join(folder, 'service'), 'utf8'));
  expect(words).toEqual(['system', 'service', '--time=0']);
  expect(daemon?.address).toBe(`unix://${path}`);
  expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
  await daemon?.close();
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  await expect(readdir(dirname(path))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a service that does not start says why', async () => {
  await addProgram('podman', '#!/bin/sh\necho "Error: no subuid ranges" >&2\nexit 125\n');
  expect((await onDemand()).error).toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message: 'podman system service did not start: Error: no subuid ranges',
  });
});

test('without podman there is no service', async () => {
  vi.stubEnv('PATH', `${folder}:/nowhere`);
  await symlink('/bin/sh', join(folder, 'sh'));
  await symlink('/bin/cat', join(folder, 'cat'));
  await symlink('/bin/rm', join(folder, 'rm'));
  expect((await onDemand()).error).toMatchObject({ code: 'TOOL_MISSING', message: 'podman is not installed' });
});
