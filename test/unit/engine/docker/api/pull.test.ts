import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connectDaemon } from '../../../../../src/engine/docker/api/connect.ts';
import { type PullOptions, pullImage } from '../../../../../src/engine/docker/api/pull.ts';
import { fakeDaemon, newUser } from '../../../../support/fake-daemon.ts';

const { signal } = new AbortController();

beforeEach(() => {
  vi.stubEnv('DOCKER_CONFIG', '/nowhere');
  vi.stubEnv('XDG_CONFIG_HOME', '/nowhere');
});

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Pulls from a daemon that answers with these lines, or does as it likes. Gives what was asked and what was told. */
async function pull(answer: string | ((response: ServerResponse) => void), options: Partial<PullOptions> = {}) {
  const told: string[] = [];
  let url = '';
  let auth: unknown;
  await using fake = await fakeDaemon({
    answer(request, response) {
      if (!request.url?.includes('/images/create')) return false;
      url = request.url;
      auth = request.headers['x-registry-auth'];
      if (typeof answer === 'string') response.end(answer);
      else answer(response);
      return true;
    },
  });
  await using user = await newUser();
  const settings = { engine: 'auto', pull: 'missing', host: fake.address } as const;
  const daemon = await connectDaemon(settings, { wanted: [], signal, user });
  try {
    await pullImage(daemon, 'team/x:1', { signal, progress: (text) => told.push(text), ...options });
  } finally {
    await daemon.close();
  }
  return { query: Object.fromEntries(new URL(url, 'http://d').searchParams), auth, told };
}

const line = (status: string, id?: string, current?: number, total?: number) =>
  `${JSON.stringify({ status, ...(id ? { id } : {}), progressDetail: current === undefined ? {} : { current, total } })}\n`;

test('the full name is asked for, with tag and platform', async () => {
  const platform = { os: 'linux', architecture: 'arm64', variant: 'v8' };
  const { query, auth } = await pull(line('Status: Image is up to date'), { platform });
  expect(query).toEqual({ fromImage: 'docker.io/team/x', tag: '1', platform: 'linux/arm64/v8' });
  expect(auth).toBeUndefined();
});

test("the user's login goes along", async () => {
  const auths = { 'docker.io': { username: 'tom', password: 'ü>?' } };
  vi.stubEnv('DOCKER_AUTH_CONFIG', JSON.stringify({ auths }));
  const { auth } = await pull('');
  expect(JSON.parse(Buffer.from(String(auth), 'base64url').toString('utf8'))).toEqual({
    username: 'tom',
    password: 'ü>?',
    serveraddress: 'https://index.docker.io/v1/',
  });
});

test('progress is the sum over all layers', async () => {
  const { told } = await pull(
    [
      line('Pulling from team/x', '1'),
      line('Pulling fs layer', 'a'),
      line('Already exists', 'b'),
      line('Downloading', 'a', 1_000_000, 4_000_000),
      line('Download complete', 'a'),
      line('Extracting', 'a', 10, 4_000_000),
      line('Pull complete', 'a'),
    ].join(''),
  );
  expect(told[0]).toBe('pulling team/x:1: 0 of 1 layers');
  expect(told.at(-1)).toBe('pulling team/x:1: 4.0 MB of 4.0 MB, 2 of 2 layers');
});

test.each([
  ['{"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"}', 'IMAGE_NOT_FOUND'],
  ['{"error":"unauthorized: authentication required"}\n', 'IMAGE_ACCESS_DENIED'],
  ['{"error":"failed to register layer: no space left on device"}', 'DISK_FULL'],
  ['{"error":"read tcp 1.2.3.4:443: i/o timeout"}', 'NETWORK_FAILED'],
])('the line %s ends it as %s', async (text, code) => {
  await expect(pull(line('Pulling fs layer', 'a') + text)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(/^pulling team\/x:1 failed: /),
  });
});

test('a refusal before the first line is mapped too', async () => {
  const refuse = (response: ServerResponse) => {
    response.writeHead(404).end('{"message":"pull access denied for team/x"}');
  };
  await expect(pull(refuse)).rejects.toMatchObject({
    code: 'IMAGE_ACCESS_DENIED',
    message: 'pulling team/x:1 failed: pull access denied for team/x',
  });
});

test('a login that could not be read is named when access is refused', async () => {
  vi.stubEnv('DOCKER_AUTH_CONFIG', 'no json');
  await expect(pull('{"error":"denied: no"}')).rejects.toMatchObject({
    hint: 'No login was found: DOCKER_AUTH_CONFIG: it is no JSON.',
  });
});

test('a connection that breaks off is a failure', async () => {
  const cut = (response: ServerResponse) => {
    response.write(line('Pulling fs layer', 'a'));
    setImmediate(() => response.destroy());
  };
  await expect(pull(cut)).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
});

test.each([
  ['without an answer', (_response: ServerResponse) => {}],
  ['after a line', (response: ServerResponse) => void response.write(line('Pulling fs layer', 'a'))],
])('silence %s is given up', async (_when, answer) => {
  await expect(pull(answer, { stallMs: 50 })).rejects.toMatchObject({
    code: 'NETWORK_FAILED',
    message: 'pulling team/x:1 failed: the daemon has sent nothing for 0.05 s',
  });
});

test('an abort ends the pull with its own reason', async () => {
  const controller = new AbortController();
  const reason = new Error('stopped');
  const hang = () => controller.abort(reason);
  await expect(pull(hang, { signal: controller.signal })).rejects.toBe(reason);
});
