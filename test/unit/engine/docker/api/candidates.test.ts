import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listCandidates } from '../../../../../src/engine/docker/api/candidates.ts';
import type { EngineSettings } from '../../../../../src/settings.ts';
import { newUser } from '../../../../support/fake-daemon.ts';

const AUTO: EngineSettings = { engine: 'auto', pull: 'missing' };

async function places(settings: Partial<EngineSettings>, env: NodeJS.ProcessEnv): Promise<string[]> {
  await using user = await newUser(env);
  const candidates = await listCandidates({ ...AUTO, ...settings }, user);
  return candidates.map(({ origin, address }) => `${origin}: ${address.replace(user.home, '~')}`);
}

/** Writes a context as `docker context create` does. */
async function addContext(config: string, name: string, docker: object, certificates: readonly string[] = []) {
  const id = createHash('sha256').update(name).digest('hex');
  const meta = join(config, 'contexts', 'meta', id);
  await mkdir(meta, { recursive: true });
  await writeFile(join(meta, 'meta.json'), JSON.stringify({ Name: name, Endpoints: { docker } }));
  for (const file of certificates) {
    const folder = join(config, 'contexts', 'tls', id, 'docker');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, file), 'x');
  }
}

test('without any settings the usual places are tried, Docker before Podman', async () => {
  expect(await places({}, { XDG_RUNTIME_DIR: '/run/me' })).toEqual([
    'Docker: unix:///var/run/docker.sock',
    'rootless Docker: unix:///run/me/docker.sock',
    'Docker Desktop: unix://~/.docker/run/docker.sock',
    'Docker Desktop: unix://~/.docker/desktop/docker.sock',
    'Colima: unix://~/.colima/default/docker.sock',
    'Rancher Desktop: unix://~/.rd/docker.sock',
    'OrbStack: unix://~/.orbstack/run/docker.sock',
    'Podman: unix:///run/podman/podman.sock',
    'rootless Podman: unix:///run/me/podman/podman.sock',
    'Podman machine: unix://~/.local/share/containers/podman/machine/podman.sock',
    'Podman on demand: podman system service',
  ]);
});

test('an engine that is asked for is looked for alone', async () => {
  expect((await places({ engine: 'docker' }, {})).some((place) => place.includes('odman'))).toBe(false);
  expect((await places({ engine: 'podman' }, {})).every((place) => place.includes('odman'))).toBe(true);
  expect(await places({ engine: 'local' }, {})).toEqual([]);
});

test.each([
  [{ host: 'tcp://h' }, { DOCKER_HOST: 'tcp://v' }, ['--host: tcp://h']],
  [{}, { DOCKER_HOST: 'tcp://v', DOCKER_CONTEXT: 'c' }, ['DOCKER_HOST: tcp://v']],
  [{}, { CONTAINER_HOST: 'unix:///p' }, ['CONTAINER_HOST: unix:///p']],
  [{}, { DOCKER_HOST: 'tcp://v', CONTAINER_HOST: 'unix:///p' }, ['DOCKER_HOST: tcp://v', 'CONTAINER_HOST: unix:///p']],
  [{ engine: 'docker' }, { DOCKER_HOST: 'tcp://v', CONTAINER_HOST: 'unix:///p' }, ['DOCKER_HOST: tcp://v']],
  [{ engine: 'podman' }, { DOCKER_HOST: 'tcp://v', CONTAINER_HOST: 'unix:///p' }, ['CONTAINER_HOST: unix:///p']],
  [{ context: 'default' }, { DOCKER_HOST: 'tcp://v' }, ['context default (--context): unix:///var/run/docker.sock']],
] as const)('what is named rules out the rest: %j %j', async (settings, env, expected) => {
  expect(await places(settings, env)).toEqual(expected);
});

test('contexts are read as the docker client writes them, certificates included', async () => {
  await using user = await newUser({ DOCKER_CONTEXT: 'far' });
  const config = join(user.home, '.docker');
  await addContext(config, 'far', { Host: 'tcp://far:2376', SkipTLSVerify: false }, ['ca.pem', 'cert.pem', 'key.pem']);
  await addContext(config, 'near', { Host: 'unix:///near.sock' });
  await writeFile(join(config, 'config.json'), JSON.stringify({ currentContext: 'near' }));
  expect(await listCandidates(AUTO, user)).toMatchObject([
    {
      origin: 'context far (DOCKER_CONTEXT)',
      address: 'tcp://far:2376',
      tls: { isWanted: true, verify: true, certDirectory: expect.stringContaining('/tls/') },
    },
  ]);
  const { DOCKER_CONTEXT: _, ...env } = user.env;
  expect(await listCandidates(AUTO, { ...user, env })).toMatchObject([
    { address: 'unix:///near.sock', tls: { isWanted: false, verify: true } },
  ]);
  expect(await listCandidates({ ...AUTO, context: 'far' }, { ...user, env })).toMatchObject([
    { origin: 'context far (--context)', address: 'tcp://far:2376' },
  ]);
});

test('a context that is not there, and a broken configuration, are told as they are', async () => {
  await using user = await newUser();
  const config = join(user.home, '.docker');
  await mkdir(config);
  await writeFile(join(config, 'config.json'), '{ "currentContext": ');
  expect((await listCandidates(AUTO, user))[0]?.problem).toMatchObject({
    code: 'CONFIG_INVALID',
    message: `${join(config, 'config.json')} cannot be read: it is no JSON`,
  });
  expect((await listCandidates({ ...AUTO, context: 'gone' }, user))[0]?.problem?.message).toBe(
    `there is no Docker context gone in ${join(config, 'contexts')}`,
  );
});

test.each([
  [{}, { isWanted: false, verify: true }],
  [{ DOCKER_TLS_VERIFY: '1' }, { isWanted: true, verify: true }],
  [{ DOCKER_TLS: '1' }, { isWanted: true, verify: false }],
  [{ DOCKER_CERT_PATH: '/certs' }, { isWanted: true, verify: false, certDirectory: '/certs' }],
  [
    { DOCKER_CERT_PATH: '/certs', DOCKER_TLS_VERIFY: '1' },
    { isWanted: true, verify: true, certDirectory: '/certs' },
  ],
])('the variables %j mean the same as for the docker client', async (env, tls) => {
  await using user = await newUser({ DOCKER_HOST: 'tcp://h', ...env });
  expect((await listCandidates(AUTO, user))[0]?.tls).toMatchObject(tls);
});
