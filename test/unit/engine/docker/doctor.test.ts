import { expect, test } from 'vitest';
import { diagnoseDaemons } from '../../../../src/engine/docker/doctor.ts';
import type { EngineSettings } from '../../../../src/settings.ts';
import { fakeDaemon, newUser } from '../../../support/fake-daemon.ts';

const AUTO: EngineSettings = { engine: 'auto', pull: 'missing' };
const { signal } = new AbortController();

test('every place is told, with what answers there or why nothing does', async () => {
  await using docker = await fakeDaemon({ apiVersion: '1.30' });
  await using podman = await fakeDaemon({ isPodman: true });
  await using user = await newUser({ DOCKER_HOST: docker.address, CONTAINER_HOST: podman.address });
  expect(await diagnoseDaemons(AUTO, { signal, user })).toEqual([
    {
      origin: 'DOCKER_HOST',
      address: docker.address,
      ok: false,
      detail: 'the daemon speaks API 1.12 to 1.30',
      hint: expect.stringContaining('Docker 19.03 or newer'),
    },
    {
      origin: 'CONTAINER_HOST',
      address: podman.address,
      ok: true,
      detail: 'podman 4.3.1, API 1.41, linux/amd64, overlay2, rootless',
    },
  ]);
});

test('a place with nothing there needs no advice', async () => {
  await using user = await newUser({ DOCKER_HOST: 'unix:///nowhere/d.sock' });
  expect(await diagnoseDaemons(AUTO, { signal, user })).toEqual([
    { origin: 'DOCKER_HOST', address: 'unix:///nowhere/d.sock', ok: false, detail: 'there is no such socket' },
  ]);
});
