import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { locate } from '../../src/engine/host/toolkit.ts';
import { openLocalEngine } from '../../src/engine/local/local-engine.ts';
import type { Container, Engine, OpenedImage } from '../../src/engine/types.ts';
import { openImage } from '../../src/image/open.ts';
import type { Image, Layer, RuntimeConfig } from '../../src/image/types.ts';
import { buildSlim } from '../../src/pipeline.ts';
import type { Report } from '../../src/report/report.ts';
import { type ContainerSettings, PLAIN_CONTAINER } from '../../src/settings.ts';
import { stateDirectory } from '../../src/state.ts';
import { straceCommand } from '../../src/trace/strace-command.ts';
import { leftovers, testContext } from '../support/engine.ts';
import { fixtureImage } from '../support/fixture-images.ts';
import { buildSettings, execProbes, NO_EDITS } from '../support/settings.ts';
import { collect, recordsOf } from '../support/tar.ts';

const { signal } = new AbortController();
let engine: Engine;
let image: OpenedImage;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trace-slim-mount-'));
  writeFileSync(join(folder, 'greeting'), 'from the host\n');
  engine = await openLocalEngine(stateDirectory(), { signal });
  image = await engine.open(await openImage(`docker-archive:${fixtureImage('git')}`, { signal }), { signal });
});

afterAll(async () => {
  await image[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
  expect(leftovers(stateDirectory())).toEqual({ mounts: [], cgroups: [], runs: [] });
});

type Settings = Partial<ContainerSettings>;

function start(script: string, settings: Settings, config: RuntimeConfig = {}): Promise<Container> {
  return image.start(
    {
      config,
      settings: { ...PLAIN_CONTAINER, ...settings },
      command: (toolkit) => straceCommand(toolkit, 'main', ['/bin/sh', '-c', script]),
    },
    { signal },
  );
}

async function outputOf(script: string, settings: Settings, config: RuntimeConfig = {}): Promise<string> {
  await using container = await start(script, settings, config);
  return (await container.ended).stdout.toString();
}

describe('a bind mount', () => {
  const bind = (source: string, target: string, readOnly = false) =>
    ({ type: 'bind', source, target, readOnly }) as const;

  test('shows a folder of the host where the image has nothing', async () => {
    const mounts = [bind(folder, '/new/place')];
    expect(await outputOf('cat /new/place/greeting', { mounts })).toBe('from the host\n');
  });

  test('takes the place of a file of the image', async () => {
    const mounts = [bind(join(folder, 'greeting'), '/etc/issue')];
    expect(await outputOf('cat /etc/issue', { mounts })).toBe('from the host\n');
  });

  test('can be written to unless it is read-only', async () => {
    const write = 'echo x > /m/written 2>/dev/null && echo yes || echo no';
    expect(await outputOf(write, { mounts: [bind(folder, '/m', true)] })).toBe('no\n');
    expect(await outputOf(write, { mounts: [bind(folder, '/m')] })).toBe('yes\n');
    expect(readFileSync(join(folder, 'written'), 'utf8')).toBe('x\n');
    rmSync(join(folder, 'written'));
  });

  test('over /etc gets no files of the engine into the folder of the host', async () => {
    expect(await outputOf('ls /etc', { mounts: [bind(folder, '/etc')] })).toBe('greeting\n');
    expect(readdirSync(folder)).toEqual(['greeting']);
  });

  test('takes the place of a volume of the image, and is seen before what is mounted in it', async () => {
    const mounts = [{ type: 'tmpfs', target: '/data/inner' } as const, bind(folder, '/data')];
    const script = 'cat /data/greeting; stat -f -c %T /data/inner';
    expect(await outputOf(script, { mounts }, { Volumes: { '/data': {} } })).toBe('from the host\ntmpfs\n');
    rmSync(join(folder, 'inner'), { recursive: true });
  });
});

describe('other mounts', () => {
  test('a tmpfs has the size and the mode asked for', async () => {
    const mounts = [{ type: 'tmpfs', target: '/opt/cache', sizeBytes: 1 << 20, mode: 0o1700 } as const];
    const script =
      'stat -f -c %T /opt/cache; stat -c %a /opt/cache; df -k /opt/cache | tail -n1 | tr -s " " | cut -d" " -f2';
    expect(await outputOf(script, { mounts })).toBe('tmpfs\n1700\n1024\n');
  });

  test('a named volume starts with what the image has there, and is new in every container', async () => {
    const mounts = [{ type: 'volume', source: 'data', target: '/etc/skel', readOnly: false } as const];
    const script = 'ls -A /etc/skel | wc -l; touch /etc/skel/more';
    const [first, second] = [await outputOf(script, { mounts }), await outputOf(script, { mounts })];
    expect(Number(first)).toBeGreaterThan(0);
    expect(second).toBe(first);
  });
});

describe('names and addresses', () => {
  test('a host name is the same for the kernel, in the environment and in /etc', async () => {
    const script = 'cat /proc/sys/kernel/hostname /etc/hostname; echo $HOSTNAME; grep -c "127.0.0.1.web-1" /etc/hosts';
    expect(await outputOf(script, { hostname: 'web-1' })).toBe('web-1\nweb-1\nweb-1\n1\n');
  });

  test('hosts are found by name', async () => {
    const hosts = ['db:10.1.2.3', 'six:fe80::7', 'up:host-gateway'];
    expect(await outputOf('tail -n3 /etc/hosts', { hosts })).toBe('10.1.2.3\tdb\nfe80::7\tsix\n127.0.0.1\tup\n');
  });

  test.each(['none', 'host'])('name servers and domains are those asked for, with network %s', async (network) => {
    const script = 'grep -E "^(nameserver|search)" /etc/resolv.conf';
    const settings = { network, dns: ['10.0.0.53'], dnsSearch: ['example.org', 'example.net'] };
    expect(await outputOf(script, settings)).toBe('nameserver 10.0.0.53\nsearch example.org example.net\n');
  });
});

describe('rights and limits', () => {
  const bits = 'grep CapBnd /proc/self/status | tr -d "\\t" | cut -d: -f2';
  const has = (mask: string, bit: number) => ((BigInt(`0x${mask.trim()}`) >> BigInt(bit)) & 1n) === 1n;
  const [NET_ADMIN, SYS_PTRACE, SYS_ADMIN] = [12, 19, 21];

  test('a capability asked for is granted, and that of the tracer is not', async () => {
    const mask = await outputOf(bits, { capAdd: ['NET_ADMIN'] });
    expect([NET_ADMIN, SYS_PTRACE, SYS_ADMIN].map((bit) => has(mask, bit))).toEqual([true, false, false]);
  });

  test('SYS_PTRACE can be asked for by name, or with all', async () => {
    expect(has(await outputOf(bits, { capAdd: ['CAP_SYS_PTRACE'] }), SYS_PTRACE)).toBe(true);
    const all = await outputOf(bits, { capAdd: ['ALL'] });
    expect([NET_ADMIN, SYS_PTRACE, SYS_ADMIN].every((bit) => has(all, bit))).toBe(true);
  });

  test('shared memory, kernel parameters and runtime are those asked for', async () => {
    const script = 'df -k /dev/shm | tail -n1 | tr -s " " | cut -d" " -f2; cat /proc/sys/net/core/somaxconn';
    const settings = {
      shmSizeBytes: 2 << 20,
      sysctls: { 'net.core.somaxconn': '77' },
      runtime: await locate(['runc']),
    };
    expect(await outputOf(script, settings)).toBe('2048\n77\n');
  });
});

describe('standard input', () => {
  test('is at its end by default', async () => {
    expect(await outputOf('cat; echo over', {})).toBe('over\n');
  });

  test('stays open when asked for', async () => {
    await using container = await start('cat; echo over', { stdin: true });
    await expect.poll(() => container.logSize('main')).toBeGreaterThan(500);
    expect(container.result()).toBeUndefined();
    expect((await container.stop({ timeoutMs: 2000 })).stdout.toString()).toBe('');
  });

  test('is a terminal when asked for, with the exit status of the command', async () => {
    const script = '[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && stty size; echo oops >&2; exit 7';
    await using container = await start(script, { tty: true });
    const { exitStatus, stdout, stderr } = await container.ended;
    expect(stdout.toString().replaceAll('\r', '')).toBe('24 80\noops\n');
    expect(stderr.toString()).toBe('');
    expect(exitStatus).toBe(7);
  });

  test('of a terminal stays open, and its command gets the stop signal', async () => {
    await using container = await start('trap "exit 3" TERM; echo up; while :; do sleep 0.05; done', { tty: true });
    await expect.poll(() => container.output(100)).toMatch(/up/);
    expect((await container.exec({ command: () => ['/bin/echo', 'hi'] }, { signal })).stdout.toString()).toBe('hi\n');
    expect((await container.stop({ timeoutMs: 5000 })).exitStatus).toBe(3);
  });
});

describe('what the built-in engine cannot do', () => {
  const check = (settings: Settings) => engine.check?.({ ...PLAIN_CONTAINER, ...settings });

  test.each<[Settings, string]>([
    [{ links: ['db'] }, 'cannot link to db'],
    [{ publish: ['80:80'] }, 'cannot publish the port 80:80'],
    [{ network: 'front' }, 'cannot join the network front'],
    [{ capAdd: ['FLY'] }, 'there is no capability FLY'],
    [{ mounts: [{ type: 'tmpfs', target: '/proc/' }] }, 'cannot mount over /proc/'],
    [
      { mounts: [{ type: 'bind', source: '/nowhere/x', target: '/x', readOnly: true }] },
      'cannot mount /nowhere/x: no such',
    ],
  ])('%j is refused before anything is started', async (settings, message) => {
    await expect(check(settings)).rejects.toMatchObject({
      code: 'USAGE_INVALID',
      message: expect.stringContaining(message),
    });
    await expect(start('true', settings)).rejects.toMatchObject({ code: 'USAGE_INVALID' });
  });

  test('a runtime that this host lacks is named', async () => {
    await expect(start('true', { runtime: 'no-such-runtime' })).rejects.toMatchObject({ code: 'TOOL_MISSING' });
  });

  test('named volumes are said to live no longer than a container', async () => {
    const mounts = [{ type: 'volume', source: 'data', target: '/x', readOnly: false } as const];
    expect(await check({ mounts })).toEqual([expect.stringContaining('data starts as a new one')]);
    expect(await check({})).toEqual([]);
  });
});

describe('a slim image built with run options and edits', () => {
  const output = () => join(folder, 'slim.tar');
  let report: Report;
  let slim: Image;
  let content: Map<string, string>;

  beforeAll(async () => {
    writeFileSync(join(folder, 'greeting'), 'from the host\n');
    const mounts = [
      { type: 'bind', source: join(folder, 'greeting'), target: '/etc/issue', readOnly: true },
      { type: 'bind', source: folder, target: '/usr/share/git-core', readOnly: true },
      { type: 'tmpfs', target: '/var/cache' },
      { type: 'volume', source: 'data', target: '/var/data', readOnly: false },
    ] as const;
    const container = { ...PLAIN_CONTAINER, mounts, hostname: 'web-1' };
    report = await buildSlim(
      buildSettings(`docker-archive:${fixtureImage('git')}`, `docker-archive:${output()}`, {
        probes: execProbes(
          'cat /etc/issue /usr/share/git-core/greeting; ls /var/cache; git --version; echo $HOSTNAME $GREETING',
        ),
        run: { config: { Cmd: ['git', 'version'] }, env: ['GREETING=hi', 'SECRET=x'], container },
        edits: {
          ...NO_EDITS,
          overrides: ['Cmd', 'Volumes'],
          set: { Entrypoint: ['/usr/bin/tac'] },
          addEnv: ['MORE=1'],
          addLabels: { team: 'web' },
        },
      }),
      testContext(),
    );
    slim = await openImage(`docker-archive:${output()}`, { signal });
    const records = await recordsOf(await collect((slim.layers[0] as Layer).open()));
    content = new Map(
      records.map(({ name, bodyBytes }) => [`/${name.replace(/\/$/, '')}`, bodyBytes.toString('latin1')]),
    );
  });

  afterAll(() => slim[Symbol.asyncDispose]());

  test('is verified with the mounts in place', () => {
    expect(report.status).toBe('verified');
    expect(report.probes.length).toBeGreaterThan(1);
    expect(report.probes.every(({ equal }) => equal)).toBe(true);
  });

  test('has no mounted host file, but what the image itself has in its place', () => {
    expect(content.get('/etc/issue')).toMatch(/Debian/);
    expect([...content.values()].some((body) => body.includes('from the host'))).toBe(false);
  });

  test('has the mount points that the image has, and nothing from below them', () => {
    const below = (target: string) => [...content.keys()].filter((path) => path.startsWith(target));
    expect(below('/usr/share/git-core')).toEqual(['/usr/share/git-core']);
    expect(below('/var/cache')).toEqual(['/var/cache']);
    expect(below('/var/data')).toEqual([]);
  });

  test('has the edits in its configuration and nothing else of the run', () => {
    const { config = {} } = slim.config;
    expect(config).toMatchObject({
      Cmd: ['git', 'version'],
      Entrypoint: ['/usr/bin/tac'],
      Volumes: { '/var/data': {} },
    });
    expect(config.Labels).toMatchObject({ team: 'web' });
    expect(config.Env).toContain('MORE=1');
    expect(JSON.stringify(slim.config)).not.toMatch(/SECRET|GREETING|web-1|from the host/);
  });

  test('has the program of its new entrypoint, and says that it was not tried', () => {
    expect(content.has('/usr/bin/tac')).toBe(true);
    expect(report.warnings).toContainEqual(
      expect.stringMatching(/^Entrypoint, Env of the edited configuration were not tried/),
    );
  });
});
