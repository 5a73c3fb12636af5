import { afterEach, expect, test, vi } from 'vitest';
import { connectDaemon } from '../../../../../src/engine/docker/api/connect.ts';
import type { EngineSettings } from '../../../../../src/settings.ts';
import { fakeDaemon, newUser } from '../../../../support/fake-daemon.ts';
import { httpServer, httpsServer, tcpServer } from '../../../../support/servers.ts';

const AUTO: EngineSettings = { engine: 'auto', pull: 'missing' };
const { signal } = new AbortController();

afterEach(() => {
  vi.unstubAllEnvs();
});

test('a daemon tells what it is, and is spoken to in its own API version', async () => {
  await using fake = await fakeDaemon({ apiVersion: '1.41', images: ['x'] });
  await using user = await newUser();
  const daemon = await connectDaemon({ ...AUTO, host: fake.address }, { wanted: [], signal, user });
  expect(daemon).toMatchObject({ name: 'docker', address: fake.address, isLocal: true });
  expect(daemon.info).toEqual({
    version: '99.1',
    apiVersion: '1.41',
    os: 'linux',
    architecture: 'arm64',
    isRootless: true,
    storageDriver: 'overlay2',
    securityOptions: ['name=seccomp,profile=default', 'name=rootless'],
    kernel: '6.1',
    cpus: 2,
    memoryBytes: 1024,
    usesContainerdStore: false,
  });
  await daemon.docker.getImage('x').inspect();
  expect(fake.asked.at(-1)).toBe('GET /v1.41/images/x/json');
  await daemon.close();
});

test.each([
  ['1.40', '1.12', '1.40'],
  ['1.41', '1.41', '1.41'],
  ['1.44', '1.44', '1.44'],
  ['1.52', '1.44', '1.48'],
])('a daemon with API %s down to %s is spoken to in %s', async (apiVersion, minApiVersion, spoken) => {
  await using fake = await fakeDaemon({ apiVersion, minApiVersion });
  await using user = await newUser();
  const daemon = await connectDaemon({ ...AUTO, host: fake.address }, { wanted: [], signal, user });
  expect(daemon.info.apiVersion).toBe(spoken);
  await daemon.close();
});

test.each([
  ['1.30', '1.12', 'the daemon speaks API 1.12 to 1.30'],
  ['1.60', '1.55', 'the daemon speaks API 1.55 to 1.60'],
  ['2.0', '2.0', 'the daemon speaks API 2.0'],
  ['none', '1.0', 'what answers there is no Docker API'],
])('API %s down to %s is refused', async (apiVersion, minApiVersion, why) => {
  await using fake = await fakeDaemon({ apiVersion, minApiVersion });
  await using user = await newUser();
  const connecting = connectDaemon({ ...AUTO, host: fake.address }, { wanted: [], signal, user });
  await expect(connecting).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message: `connecting to ${fake.address} failed: ${why}`,
  });
});

test('Podman is known by its ping, and is not asked for its slow version', async () => {
  await using fake = await fakeDaemon({ isPodman: true });
  await using user = await newUser();
  const daemon = await connectDaemon({ ...AUTO, engine: 'podman', host: fake.address }, { wanted: [], signal, user });
  expect(daemon).toMatchObject({ name: 'podman', info: { version: '4.3.1', apiVersion: '1.41' } });
  expect(fake.asked).not.toContain('GET /version');
  await daemon.close();
});

test('another kind of daemon than the one asked for is refused', async () => {
  await using fake = await fakeDaemon({ isPodman: true });
  await using user = await newUser();
  const connecting = connectDaemon({ ...AUTO, engine: 'docker', host: fake.address }, { wanted: [], signal, user });
  await expect(connecting).rejects.toMatchObject({ message: `${fake.address} is podman, not docker` });
});

test('the daemon that has the images is preferred; without one, the first', async () => {
  await using docker = await fakeDaemon({ images: ['a'] });
  await using podman = await fakeDaemon({ isPodman: true, images: ['a', 'b'] });
  await using user = await newUser({ DOCKER_HOST: docker.address, CONTAINER_HOST: podman.address });
  const chosen = async (wanted: string[]) => {
    const daemon = await connectDaemon(AUTO, { wanted, signal, user });
    await daemon.close();
    return daemon.name;
  };
  expect(await chosen([])).toBe('docker');
  expect(await chosen(['a'])).toBe('docker');
  expect(await chosen(['a', 'b'])).toBe('podman');
  expect(await chosen(['c'])).toBe('docker');
});

test('when none can be reached, every try is told', async () => {
  await using user = await newUser({ DOCKER_HOST: 'unix:///nowhere/d.sock', CONTAINER_HOST: 'unix:///nowhere/p.sock' });
  await expect(connectDaemon(AUTO, { wanted: [], signal, user })).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message: 'no Docker or Podman daemon can be reached',
    context: {
      tries: [
        'DOCKER_HOST: connecting to unix:///nowhere/d.sock failed: there is no such socket',
        'CONTAINER_HOST: connecting to unix:///nowhere/p.sock failed: there is no such socket',
      ],
    },
  });
});

test('a server that takes connections and says nothing is given up', async () => {
  await using silent = await tcpServer(() => {});
  const { port } = silent.endpoint as { port: number };
  await using user = await newUser();
  const settings = { ...AUTO, host: `tcp://127.0.0.1:${port}` };
  await expect(connectDaemon(settings, { wanted: [], signal, user, timeoutMs: 50 })).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message: `connecting to tcp://127.0.0.1:${port} failed: no answer from the daemon within 0.05 s`,
  });
});

test('an abort ends the wait for a daemon', async () => {
  await using silent = await tcpServer(() => controller.abort(new Error('stopped')));
  const { port } = silent.endpoint as { port: number };
  await using user = await newUser();
  const controller = new AbortController();
  const settings = { ...AUTO, host: `tcp://127.0.0.1:${port}` };
  await expect(connectDaemon(settings, { wanted: [], signal: controller.signal, user })).rejects.toThrow('stopped');
});

test('what answers but is no daemon is told so', async () => {
  await using web = await httpServer((_request, response) => response.end('<html>hello</html>'));
  const { port } = web.endpoint as { port: number };
  await using user = await newUser();
  const connecting = connectDaemon({ ...AUTO, host: `127.0.0.1:${port}` }, { wanted: [], signal, user });
  await expect(connecting).rejects.toThrow('what answers there is no Docker API');
});

test('a certificate that nobody vouches for is refused, unless it may be anyone', async () => {
  await using web = await httpsServer((_request, response) => response.end('{}'));
  const { port } = web.endpoint as { port: number };
  await using user = await newUser();
  const host = `tcp://127.0.0.1:${port}`;
  const connecting = (verify: boolean) =>
    connectDaemon({ ...AUTO, host, tls: { verify, certDirectory: user.home } }, { wanted: [], signal, user });
  await expect(connecting(true)).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message: expect.stringContaining('self-signed certificate'),
    hint: expect.stringContaining('--tls-cert-path'),
  });
  await expect(connecting(false)).rejects.toThrow('what answers there is no Docker API');
});

test('the variables of the process do not lead dockerode elsewhere', async () => {
  await using fake = await fakeDaemon();
  await using user = await newUser();
  vi.stubEnv('DOCKER_HOST', 'tcp://127.0.0.1:1');
  vi.stubEnv('DOCKER_CERT_PATH', '/nowhere');
  const daemon = await connectDaemon({ ...AUTO, host: fake.address }, { wanted: [], signal, user });
  expect(daemon.address).toBe(fake.address);
  expect(process.env.DOCKER_HOST).toBe('tcp://127.0.0.1:1');
  await daemon.close();
});
