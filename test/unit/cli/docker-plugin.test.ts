import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { installDockerPlugin, pluginArguments, pluginMetadata } from '../../../src/cli/docker-plugin.ts';

test("the plugin's own name is dropped, and what follows is ours", () => {
  expect(pluginArguments(['traceslim', 'build', '--host', 'x', 'traceslim'])).toEqual({
    words: ['build', '--host', 'x', 'traceslim'],
    env: {},
  });
  expect(pluginArguments([])).toEqual({ words: [], env: {} });
});

test("the docker client's own options become the variables that mean the same", () => {
  const argv = [
    '-H',
    'tcp://h:1',
    '--tlsverify',
    '--tlscacert=/certs/ca.pem',
    '--log-level',
    'debug',
    '-D',
    'traceslim',
    'doctor',
  ];
  expect(pluginArguments(argv)).toEqual({
    words: ['doctor'],
    env: { DOCKER_HOST: 'tcp://h:1', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/certs' },
  });
  expect(pluginArguments(['--context=far', 'traceslim'])).toEqual({ words: [], env: { DOCKER_CONTEXT: 'far' } });
});

test('without its name the command line is taken as it is', () => {
  expect(pluginArguments(['--version'])).toEqual({ words: ['--version'], env: {} });
  expect(pluginArguments(['-H', 'x', 'build'])).toEqual({ words: ['-H', 'x', 'build'], env: {} });
});

test('the metadata is what the docker client wants', () => {
  expect(JSON.parse(pluginMetadata('1.2.3'))).toEqual({
    SchemaVersion: '0.1.0',
    Vendor: 'trace-slim',
    Version: '1.2.3',
    ShortDescription: expect.any(String),
  });
});

test("an executable is put into the docker client's folder, also over an older one", async () => {
  const home = await mkdtemp(join(tmpdir(), 'home-'));
  try {
    const path = await installDockerPlugin({}, home);
    expect(path).toBe(join(home, '.docker', 'cli-plugins', 'docker-traceslim'));
    expect((await stat(path)).mode & 0o777).toBe(0o755);
    execFileSync('sh', ['-n', path]);
    await writeFile(path, 'old');
    expect(await installDockerPlugin({ DOCKER_CONFIG: join(home, '.docker') }, '/nowhere')).toBe(path);
    expect((await stat(path)).size).toBeGreaterThan(30);
  } finally {
    await rm(home, { recursive: true });
  }
});

test('a folder that cannot be is told', async () => {
  await expect(installDockerPlugin({ DOCKER_CONFIG: '/dev/null/x' })).rejects.toMatchObject({
    code: 'PERMISSION_DENIED',
    message: '/dev/null/x/cli-plugins/docker-traceslim cannot be written: ENOTDIR',
  });
});
