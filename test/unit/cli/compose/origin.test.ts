import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../../../../src/cli/program.ts';
import type { BuildSettings } from '../../../../src/settings.ts';
import { reportOf } from '../../../support/report.ts';
import { fakeSession } from '../../../support/session.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'compose-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

const FILE = `
x-common: &common
  image: db:1
services:
  web:
    image: shop/web:2
    command: serve --port "80 80"
    environment: {MODE: compose, COST: 5$$}
    env_file: web.env
    ports: ["8080:80", {target: 443, published: 8443}]
    volumes: ["./src:/src:ro", "data:/data", "kept:/kept", {type: tmpfs, target: /t, tmpfs: {size: 1m}}]
    networks: {default: {aliases: [shop]}}
    user: 1000
    stop_grace_period: 1m30s
    extra_hosts: {far: 10.0.0.1}
    depends_on: [db]
    links: ["db:database"]
    privileged: true
  db:
    <<: *common
    entrypoint: ["/db"]
    healthcheck: {test: check, interval: 1.5s, retries: 3}
    volumes: ["data:/var/db"]
  built:
    build: {context: app, args: {A: 1}, target: last}
volumes:
  data:
  kept: {external: true, name: users}
`;

/** The settings that `build` hands on for a compose file, with no compose client on the path unless there is one. */
async function settingsFor(content: string, words: readonly string[], env: NodeJS.ProcessEnv = { PATH: folder }) {
  writeFileSync(join(folder, 'compose.yaml'), content);
  writeFileSync(join(folder, 'web.env'), '# comment\nMODE=file\nOTHER=1\n');
  let settings: BuildSettings | undefined;
  const buildSlim = async (given: BuildSettings) => {
    settings = given;
    return reportOf();
  };
  const session = fakeSession({ buildSlim }, env);
  await runProgram(['build', '--compose-file', join(folder, 'compose.yaml'), ...words], session);
  if (!settings) throw new Error('the pipeline was not called');
  return { settings, stderr: session.printed.stderr };
}

describe('a service of a compose file', () => {
  it('is run as the file says', async () => {
    const { settings, stderr } = await settingsFor(FILE, ['--target-compose-svc', 'web']);
    const network = settings.preparation?.services?.network;
    expect(settings.source).toBe('docker-daemon:shop/web:2');
    expect(settings.run).toEqual({
      config: {
        Cmd: ['serve', '--port', '80 80'],
        User: '1000',
        ExposedPorts: { '80/tcp': {}, '443/tcp': {} },
      },
      env: ['MODE=compose', 'OTHER=1', 'COST=5$'],
      stopTimeoutMs: 90_000,
      container: expect.objectContaining({
        network,
        aliases: ['web', 'shop'],
        hosts: ['far:10.0.0.1'],
        publish: [],
        mounts: [
          { type: 'bind', source: join(folder, 'src'), target: '/src', readOnly: true },
          { type: 'volume', source: `${network}-data`, target: '/data', readOnly: false },
          { type: 'volume', source: 'users', target: '/kept', readOnly: false },
          { type: 'tmpfs', target: '/t', sizeBytes: 1 << 20 },
        ],
      }),
    });
    expect(stderr).toContain('the service web is run without its privileged');
  });

  it('has those it depends on beside it, with volumes of the run', async () => {
    const { preparation } = (await settingsFor(FILE, ['--service', 'web'])).settings;
    const network = preparation?.services?.network ?? '';
    expect(network).toMatch(/^trace-slim-[0-9a-f]{10}$/);
    expect(preparation).toMatchObject({
      services: { makesNetwork: true, volumes: [`${network}-data`], services: [{ name: 'db' }] },
    });
    expect(preparation?.build).toBeUndefined();
    expect(preparation?.services?.services[0]).toMatchObject({
      image: 'db:1',
      until: 'ready',
      run: {
        config: {
          Entrypoint: ['/db'],
          Cmd: null,
          Healthcheck: { Test: ['CMD-SHELL', 'check'], Interval: 1.5e9, Retries: 3 },
        },
        container: { network, aliases: ['db', 'database'] },
      },
    });
  });

  it('is run as the command line says where both say something', async () => {
    const words = [
      '--env',
      'MODE=line',
      '--cmd',
      'other',
      '--volume',
      '/here:/data',
      '--network',
      'mine',
      '--user',
      '0',
    ];
    const { settings } = await settingsFor(FILE, ['--service', 'web', ...words]);
    const { run, preparation } = settings;
    expect(run.env).toEqual(['MODE=line', 'OTHER=1', 'COST=5$']);
    expect(run.config).toMatchObject({ Cmd: ['other'], User: '0', ExposedPorts: { '80/tcp': {} } });
    expect(run.container.mounts).toContainEqual({ type: 'bind', source: '/here', target: '/data', readOnly: false });
    expect(run.container.mounts).toHaveLength(4);
    expect(preparation?.services).toMatchObject({ network: 'mine', makesNetwork: false });
  });

  it.each([
    [['--target-compose-svc-image', '3'], 'docker-daemon:shop/web:3'],
    [['--target-compose-svc-image', 'mine:3'], 'docker-daemon:mine:3'],
  ])('may have another image: %j', async (words, source) => {
    expect((await settingsFor(FILE, ['--service', 'web', ...words])).settings.source).toBe(source);
  });

  it('is built when the file says so', async () => {
    const words = ['--service', 'built', '--compose-project-name', 'shop', '--cbo-build-arg', 'B=2'];
    const { settings } = await settingsFor(FILE, words);
    expect(settings.source).toBe('docker-daemon:shop-built');
    expect(settings.preparation?.build).toMatchObject({
      contextDirectory: join(folder, 'app'),
      dockerfile: join(folder, 'app/Dockerfile'),
      args: { A: '1', B: '2' },
      target: 'last',
      isTemporary: false,
    });
  });

  it.each([
    ['an unknown service', FILE, ['--service', 'wbe'], 'USAGE_INVALID', 'no service wbe'],
    ['no service', FILE, [], 'USAGE_INVALID', 'no service'],
    ['an image besides', FILE, ['--service', 'web', 'nginx'], 'USAGE_INVALID', 'nginx is given'],
    ['a network without names', FILE, ['--service', 'web', '--network', 'host'], 'USAGE_INVALID', '--network host'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of compose
    ['a variable', 'services: {a: {image: "x:${TAG:-1}"}}', ['--service', 'a'], 'TOOL_MISSING', 'TAG:-1'],
    ['a file that extends', 'services: {a: {extends: {service: b}}}', ['--service', 'a'], 'TOOL_MISSING', 'extends'],
    ['what is no YAML', 'services: [', ['--service', 'a'], 'CONFIG_INVALID', 'no YAML'],
    ['wrong types', 'services: {a: {ports: 3}}', ['--service', 'a'], 'CONFIG_INVALID', 'services.a.ports'],
    ['neither image nor build', 'services: {a: {}}', ['--service', 'a'], 'CONFIG_INVALID', 'neither image nor build'],
  ])('is refused: %s', async (_, content, words, code, message) => {
    await expect(settingsFor(content, words)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  it('is read by a compose client where there is one', async () => {
    const script = join(folder, 'bin-docker-compose');
    writeFileSync(
      script,
      '#!/bin/sh\n[ "$1" = version ] && exit\necho "services: {a: {image: \\"x$TAG\\", command: [\\"$*\\", a\\$\\$b]}}"\n',
    );
    chmodSync(script, 0o755);
    const bin = mkdtempSync(join(folder, 'bin-'));
    writeFileSync(join(bin, 'docker-compose'), `#!/bin/sh\nexec ${script} "$@"\n`, { mode: 0o755 });
    const words = ['--service', 'a', '--compose-project-name', 'p', '--compose-env-file', 'e'];
    const env = { PATH: bin, TAG: ':9' };
    const { source, run } = (await settingsFor('services: {}', words, env)).settings;
    const file = join(folder, 'compose.yaml');
    expect(source).toBe('docker-daemon:x:9');
    expect(run.config.Cmd).toEqual([`--file ${file} --env-file e --project-name p config`, 'a$b']);
    const without = await settingsFor('services: {}', [...words, '--compose-env-nohost'], env);
    expect(without.settings.source).toBe('docker-daemon:x');
  });
});
