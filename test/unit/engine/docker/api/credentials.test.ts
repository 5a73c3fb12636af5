import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { findCredentials } from '../../../../../src/engine/docker/api/credentials.ts';
import { type ImageName, parseImageName } from '../../../../../src/image/reference.ts';
import { newUser } from '../../../../support/fake-daemon.ts';

const { signal } = new AbortController();
const nameOf = (text: string) => parseImageName(text) as ImageName;
const login = (user: string, password: string) => ({ auth: Buffer.from(`${user}:${password}`).toString('base64') });

interface Files {
  readonly [path: string]: object | string;
}

/** Looks an image's login up with these files in the home folder. Texts are programs. */
async function found(image: string, files: Files, options: { env?: object; engine?: 'docker' | 'podman' } = {}) {
  await using user = await newUser();
  for (const [path, content] of Object.entries(files)) {
    const place = join(user.home, path);
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, typeof content === 'string' ? content : JSON.stringify(content));
    if (typeof content === 'string') await chmod(place, 0o755);
  }
  const env: NodeJS.ProcessEnv = {
    ...user.env,
    PATH: `${join(user.home, 'bin')}:/usr/bin:/bin`,
    HOME: user.home,
    ...options.env,
  };
  if ('REGISTRY_AUTH_FILE' in env) env.REGISTRY_AUTH_FILE = join(user.home, 'other.json');
  const { engine = 'docker' } = options;
  const result = await findCredentials(nameOf(image), { engine, signal, user: { ...user, env } });
  const asked = await readFile(join(user.home, 'asked'), 'utf8').catch(() => undefined);
  return { ...result, problems: result.problems.map((problem) => problem.replaceAll(user.home, '~')), asked };
}

const DOCKER = '.docker/config.json';
const PODMAN = '.config/containers/auth.json';

/** A helper that notes what it was asked. */
const helper = (answer: string, status = 0) =>
  `#!/bin/sh\nread server\necho "$1 $server" > "$HOME/asked"\necho '${answer}'\nexit ${status}\n`;

test('no login anywhere is no failure', async () => {
  expect(await found('r.example/x', {})).toMatchObject({ credentials: undefined, problems: [] });
});

test("logins of the docker client are found by the registry's name in all its spellings", async () => {
  const expected = { username: 'tom', password: 'a:b', serveraddress: 'r.example:5000' };
  for (const key of ['r.example:5000', 'https://r.example:5000', 'http://r.example:5000/v2/', 'r.example:5000/v1/']) {
    const files = { [DOCKER]: { auths: { [key]: login('tom', 'a:b'), 'r.example': login('x', 'y') } } };
    expect((await found('r.example:5000/team/x', files)).credentials).toEqual(expected);
  }
});

test.each(['https://index.docker.io/v1/', 'docker.io', 'index.docker.io', 'registry-1.docker.io'])(
  'Docker Hub is also known as %s',
  async (key) => {
    const files = { [DOCKER]: { auths: { [key]: login('tom', 'pw') } } };
    expect((await found('nginx', files)).credentials).toEqual({
      username: 'tom',
      password: 'pw',
      serveraddress: 'https://index.docker.io/v1/',
    });
  },
);

test('a login for another registry is not sent', async () => {
  const auths = { 'r.example': login('a', 'b'), 'r.example.org': login('c', 'd'), 'r.example/team': login('e', 'f') };
  const files = { [DOCKER]: { auths } };
  expect((await found('r.example.com/x', files)).credentials).toBeUndefined();
  expect((await found('nginx', files)).credentials).toBeUndefined();
  expect((await found('r.example/teamwork/x', files)).credentials).toMatchObject({ username: 'a' });
  expect((await found('r.example/team/x', files)).credentials).toMatchObject({ username: 'e' });
});

test('tokens take the place of a password', async () => {
  const files = { [DOCKER]: { auths: { 'r.example': { ...login('t', ''), identitytoken: 'abc' } } } };
  expect((await found('r.example/x', files)).credentials).toEqual({ identitytoken: 'abc', serveraddress: 'r.example' });
});

test('a helper for one registry comes before the store, and the store before what is written down', async () => {
  const files = {
    [DOCKER]: {
      credsStore: 'all',
      credHelpers: { 'r.example': 'one' },
      auths: { 'r.example': {}, 'third.example': login('file', 'pw') },
    },
    'bin/docker-credential-one': helper('{"ServerURL":"x","Username":"one","Secret":"s1"}'),
    'bin/docker-credential-all': helper('{"ServerURL":"x","Username":"all","Secret":"s2"}'),
  };
  expect(await found('r.example/x', files)).toMatchObject({
    credentials: { username: 'one', password: 's1', serveraddress: 'r.example' },
    asked: 'get r.example\n',
  });
  expect(await found('nginx', files)).toMatchObject({
    credentials: { username: 'all' },
    asked: 'get https://index.docker.io/v1/\n',
  });
});

test('a helper may give a token, or nothing', async () => {
  const withHelper = (script: string) => ({
    [DOCKER]: { credsStore: 'h', auths: { 'r.example': login('file', 'pw') } },
    'bin/docker-credential-h': script,
  });
  const token = helper('{"Username":"<token>","Secret":"tok"}');
  expect((await found('r.example/x', withHelper(token))).credentials).toMatchObject({ identitytoken: 'tok' });
  const none = helper('credentials not found in native keychain', 1);
  expect(await found('r.example/x', withHelper(none))).toMatchObject({
    credentials: { username: 'file' },
    problems: [],
  });
});

test('a helper that fails is told, without what it printed, and the next place is asked', async () => {
  const files = {
    [DOCKER]: { credsStore: 'bad', credHelpers: { 'r.example': 'gone' } },
    'bin/docker-credential-bad': helper('secret words', 3),
    [PODMAN]: { auths: { 'r.example': login('pod', 'pw') } },
  };
  expect(await found('r.example/x', files)).toMatchObject({
    credentials: { username: 'pod' },
    problems: ['~/.docker/config.json: docker-credential-gone is not installed'],
  });
  expect(await found('nginx', files)).toMatchObject({
    credentials: undefined,
    problems: ['~/.docker/config.json: docker-credential-bad ended with status 3'],
  });
});

test('a helper is a plain name', async () => {
  const { problems } = await found('nginx', { [DOCKER]: { credsStore: '../../x' } });
  expect(problems).toEqual(['~/.docker/config.json: docker-credential-../../x is no name of a program']);
});

test('DOCKER_AUTH_CONFIG comes before the file, DOCKER_CONFIG moves it', async () => {
  const files = { [DOCKER]: { auths: { 'r.example': login('file', 'pw') } } };
  const env = { DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { 'r.example': login('variable', 'pw') } }) };
  expect((await found('r.example/x', files, { env })).credentials).toMatchObject({ username: 'variable' });
  expect((await found('r.example/x', files, { env: { DOCKER_CONFIG: '/nowhere' } })).credentials).toBeUndefined();
});

test("Podman's logins come first for Podman, and may be for a part of a registry", async () => {
  const files = {
    [DOCKER]: { auths: { 'r.example': login('docker', 'pw') } },
    [PODMAN]: { auths: { 'r.example/team': login('team', 'pw'), 'r.example': login('podman', 'pw') } },
    'other.json': { auths: { 'r.example': login('other', 'pw') } },
  };
  const user = async (image: string, options: Parameters<typeof found>[2]) =>
    (await found(image, files, options)).credentials;
  expect(await user('r.example/team/x', { engine: 'podman' })).toMatchObject({ username: 'team' });
  expect(await user('r.example/x', { engine: 'podman' })).toMatchObject({ username: 'podman' });
  expect(await user('r.example/x', { engine: 'docker' })).toMatchObject({ username: 'docker' });
  expect(await user('r.example/x', { engine: 'podman', env: { REGISTRY_AUTH_FILE: '' } })).toMatchObject({
    username: 'other',
  });
});

test('a broken file is told, without what is in it', async () => {
  const { credentials, problems } = await found('nginx', { [DOCKER]: '{"auths": secret' });
  expect(credentials).toBeUndefined();
  expect(problems).toEqual(['~/.docker/config.json: ~/.docker/config.json cannot be read: it is no JSON']);
});
