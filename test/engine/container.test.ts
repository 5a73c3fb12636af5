import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Container, ContainerSpec, Engine, OpenedImage } from '../../src/engine/types.ts';
import { openImage } from '../../src/image/open.ts';
import type { RuntimeConfig } from '../../src/image/types.ts';
import { imagePathFromText } from '../../src/rootfs/path.ts';
import { PLAIN_CONTAINER } from '../../src/settings.ts';
import { stateDirectory } from '../../src/state.ts';
import { straceCommand } from '../../src/trace/strace-command.ts';
import { leftovers } from '../support/engine.ts';
import { ALL_ENGINES, daemonLeftovers, describeEngines, ownStateDirectory } from '../support/engines.ts';
import { fixtureImage } from '../support/fixture-images.ts';

const { signal } = new AbortController();
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

describeEngines(ALL_ENGINES, 'the $name engine', (testEngine) => {
  let engine: Engine;
  let image: OpenedImage;

  const home = ownStateDirectory();

  beforeAll(async () => {
    home.enter();
    engine = await testEngine.open(signal);
    image = await engine.open(await openImage(`docker-archive:${fixtureImage('git')}`, { signal }), { signal });
  });

  afterAll(async () => {
    await image[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
    expect(leftovers(stateDirectory())).toEqual({ mounts: [], cgroups: [], runs: [] });
    expect(await daemonLeftovers(testEngine)).toEqual([]);
    home.leave();
  });

  function start(script: string, config: RuntimeConfig = {}, more: Partial<ContainerSpec> = {}): Promise<Container> {
    const spec: ContainerSpec = {
      config,
      settings: PLAIN_CONTAINER,
      command: (toolkit) => straceCommand(toolkit, 'main', ['/bin/sh', '-c', script]),
      ...more,
    };
    return image.start(spec, { signal });
  }

  async function outputOf(script: string, config: RuntimeConfig = {}): Promise<string> {
    await using container = await start(script, config);
    return (await container.ended).stdout.toString();
  }

  describe('a traced container', () => {
    test('is process 1, and gives its own exit status, stdout and stderr', async () => {
      await using container = await start('echo pid $$; echo oops >&2; exit 7');
      const result = await container.ended;
      expect(result.exitStatus).toBe(7);
      expect(result.stdout.toString()).toBe('pid 1\n');
      expect(result.stderr.toString()).toBe('oops\n');
      expect(await container.logSize('main')).toBeGreaterThan(500);
    });

    test('gets the stop signal of its image and ends with its own status', async () => {
      await using container = await start('trap "exit 3" QUIT; echo up; while :; do sleep 0.05; done', {
        StopSignal: 'SIGQUIT',
      });
      await expect.poll(() => container.output(100)).toBe('up\n');
      expect(await container.isTraced()).toBe(true);
      expect((await container.stop({ timeoutMs: 5000 })).exitStatus).toBe(3);
    });

    test('gets other signals that it handles, and goes on', async () => {
      await using container = await start('trap "echo again" HUP; echo up; while :; do sleep 0.05; done');
      await expect.poll(() => container.output(100)).toBe('up\n');
      expect(await container.signal('HUP')).toBe(true);
      await expect.poll(() => container.output(100)).toBe('up\nagain\n');
      expect(await container.signal('USR1')).toBe(false);
      expect(container.result()).toBeUndefined();
    });

    test('is killed when it does not stop in time', async () => {
      await using container = await start('trap "" TERM; echo up; while :; do sleep 0.05; done');
      await expect.poll(() => container.output(100)).toBe('up\n');
      expect((await container.stop({ timeoutMs: 100 })).exitStatus).toBe(137);
    });

    test('can open /dev/stdout and /dev/stderr, also as a plain user', async () => {
      await using container = await start('echo a > /dev/stdout; echo b > /dev/stderr', { User: '1000:1000' });
      const result = await container.ended;
      expect(result.stdout.toString()).toBe('a\n');
      expect(result.stderr.toString()).toBe('b\n');
    });
  });

  describe('the environment of a container', () => {
    test('has the users and groups that USER names', async () => {
      expect(await outputOf('id -u; id -g', { User: 'www-data' })).toBe('33\n33\n');
      expect(await outputOf('id -u; id -g', { User: '1234:56' })).toBe('1234\n56\n');
    });

    test('is that of the configuration, with what is added to it', async () => {
      const script = 'echo $HOME $ADDED; pwd';
      const config = { Env: ['HOME=/srv', 'ADDED=no'], WorkingDir: '/usr' };
      await using container = await start(script, config, { env: ['ADDED=yes'] });
      expect((await container.ended).stdout.toString()).toBe('/srv yes\n/usr\n');
    });

    // A daemon adds what its image says.
    test.runIf(testEngine.name === 'local')('has the home that the account of the user names', async () => {
      expect(await outputOf('echo $HOME', { User: 'www-data' })).toBe('/var/www\n');
      expect(await outputOf('echo $HOME', { User: '1234:56' })).toBe('/\n');
    });

    test('an unknown user name is refused with what to try', async () => {
      await expect(start('true', { User: 'nobody-knows' })).rejects.toMatchObject({
        code: 'USER_NOT_FOUND',
        message: /nobody-knows/,
      });
    });

    test('has no capabilities beyond the default ones, and none as a plain user', async () => {
      const bounding = 'sed -n "s/CapBnd:.//p; s/CapEff:.//p" /proc/self/status';
      const defaults = '00000000a80425fb\n';
      expect(await outputOf(bounding)).toBe(defaults + defaults);
      expect(await outputOf(bounding, { User: '1000' })).toBe(`0000000000000000\n${defaults}`);
    });

    test('filters system calls and hides the host', async () => {
      expect(await outputOf('sed -n "s/^Seccomp:.//p" /proc/self/status')).toBe('2\n');
      expect(await outputOf('cat /proc/kcore | head -c1 | wc -c; touch /sys/x 2>&1 | grep -c Read-only')).toBe(
        '0\n1\n',
      );
      // Podman lets users have namespaces of their own.
      if (testEngine.name === 'podman') return;
      expect(await outputOf('unshare -Ur true 2>&1 || echo refused')).toContain('refused');
    });

    test.runIf(testEngine.name === 'local')(
      'has loopback, a host name that resolves, and nothing else of the network',
      async () => {
        expect(await outputOf('hostname; grep -c . /proc/net/dev; getent hosts container')).toMatch(
          /^container\n3\n(127\.0\.0\.1|::1) /,
        );
      },
    );

    test('shows the toolkit nowhere in the file system of the image', async () => {
      expect(await outputOf('find / -xdev -name "*trace-slim*"; ls /')).not.toContain('trace-slim');
    });

    test('gives volumes a copy of what the image has there, on a file system of their own', async () => {
      const script =
        'stat -c "%a %U" /var/lib/dpkg; test -f /var/lib/dpkg/status && echo filled; touch /var/lib/dpkg/new && echo writable; stat -c %a /nowhere';
      expect(await outputOf(script, { Volumes: { '/var/lib/dpkg': {}, '/nowhere': {} } })).toBe(
        '755 root\nfilled\nwritable\n755\n',
      );
    });
  });

  describe('exec', () => {
    test('runs beside the command, with standard input, its own status and a log of its own', async () => {
      await using container = await start('while :; do sleep 0.05; done');
      const result = await container.exec(
        {
          command: (toolkit) => straceCommand(toolkit, 'extra', ['/bin/sh', '-s']),
          stdin: 'cat /etc/hostname; exit 5\n',
        },
        { signal },
      );
      expect(result).toMatchObject({ exitStatus: 5, truncated: false });
      expect(result.stdout.toString().trim()).toBe('container');
      expect(await container.logNames()).toEqual(['extra', 'main']);
    });

    test.each(['root', 'app'])('runs as whom and where it is asked to, in a container of %s', async (User) => {
      const config = { User: User === 'app' ? '1000:1000' : '', Env: [PATH] };
      await using container = await start('while :; do sleep 0.05; done', config, { execUsers: ['root'] });
      const script = 'id -u; id -g; echo "$HOME"; pwd; sed -n "s/Cap[EB].*://p" /proc/self/status';
      const seen = async (user: string, workingDirectory: string) => {
        const result = await container.exec(
          {
            command: (toolkit) => straceCommand(toolkit, `as-${user}`, ['/bin/sh', '-c', script]),
            user,
            workingDirectory,
          },
          { signal },
        );
        return result.stdout.toString().replaceAll('\t', '').split('\n').slice(0, 5);
      };
      const defaults = '00000000a80425fb';
      expect(await seen('root', '/var/mail')).toEqual(['0', '0', '/root', '/var/mail', defaults]);
      expect(await seen('www-data', '/etc')).toEqual(['33', '33', '/var/www', '/etc', '0000000000000000']);
      expect(await container.logSize('as-www-data')).toBeGreaterThan(500);
    });

    test('an unknown user is refused, known by name or not', async () => {
      await using container = await start('while :; do sleep 0.05; done');
      const as = (user: string) => container.exec({ command: () => ['/usr/bin/id', '-u'], user }, { signal });
      await expect(as('nobody-knows')).rejects.toMatchObject({ code: 'USER_NOT_FOUND' });
      expect((await as('4711')).stdout.toString()).toBe('4711\n');
    });

    test('ends when it is aborted', async () => {
      await using container = await start('while :; do sleep 0.05; done');
      const aborter = new AbortController();
      const running = container.exec({ command: () => ['/bin/sleep', '600'] }, { signal: aborter.signal });
      aborter.abort(new Error('enough'));
      await expect(running).rejects.toThrow('enough');
    });

    test('ends when it is aborted although something it started holds its output', async () => {
      await using container = await start('while :; do sleep 0.05; done');
      const aborter = new AbortController();
      const script = 'setsid sleep 600 & echo up > /tmp/up; sleep 600';
      const running = container.exec({ command: () => ['/bin/sh', '-c', script] }, { signal: aborter.signal });
      await container.exec(
        { command: () => ['/bin/sh', '-c', 'until test -e /tmp/up; do sleep 0.02; done'] },
        { signal },
      );
      aborter.abort(new Error('enough'));
      await expect(running).rejects.toThrow('enough');
    });

    test('is refused when the container has ended', async () => {
      await using container = await start('true');
      await container.ended;
      await expect(container.exec({ command: () => ['/bin/true'] }, { signal })).rejects.toMatchObject({
        code: 'ENGINE_FAILED',
      });
    });

    test('returns when its program ends although something it started holds its output', async () => {
      await using container = await start('while :; do sleep 0.05; done');
      const result = await container.exec({ command: () => ['/bin/sh', '-c', 'sleep 600 & echo done'] }, { signal });
      expect(result.stdout.toString()).toBe('done\n');
    });

    test('runs the tools of the toolkit in an image that has none of them', async () => {
      await using container = await start('while :; do sleep 0.05; done');
      const result = await container.exec(
        { command: ({ launcher, sh }) => [...launcher, sh, '-c', 'echo from $0', 'toolkit'] },
        { signal },
      );
      expect(result.stdout.toString()).toBe('from toolkit\n');
    });
  });

  describe('the pristine view', () => {
    test('is not changed by what a container does', async () => {
      await using container = await start('rm -rf /usr/bin/git /etc/passwd; echo x > /etc/new');
      await container.ended;
      const read = await image.rootfs.read(imagePathFromText('/etc/passwd'), 0, 5);
      expect(read.toString()).toBe('root:');
      expect(image.rootfs.get(imagePathFromText('/usr/bin/git'))?.type).toBe('file');
    });

    test('refuses to read what is no regular file', async () => {
      await expect(image.rootfs.read(imagePathFromText('/etc'), 0, 1)).rejects.toThrow();
      await expect(image.rootfs.read(imagePathFromText('/bin'), 0, 1)).rejects.toThrow();
    });
  });
});
