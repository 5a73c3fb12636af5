import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Container } from 'dockerode';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { connectDaemon, type Daemon } from '../../src/engine/docker/api/connect.ts';
import { OWNER_LABEL } from '../../src/engine/docker/labels.ts';
import { type Ended, NO_TRACES, type Running, startProgram, traces } from '../support/command-line.ts';
import { type DaemonProxy, daemonProxy, type Interference } from '../support/daemon-proxy.ts';
import { daemonLeftovers, describeEngines, loadArchives } from '../support/engines.ts';
import { fixtureImage } from '../support/fixture-images.ts';

const POLL = { timeout: 30_000, interval: 20 };
const SOCKET = '/var/run/docker.sock';
const TAG = 'test/faults:slim';
const base = mkdtempSync(join(tmpdir(), 'daemon-faults-'));
const home = join(base, 'home');
const SERVE = ['build', 'fixture/static:latest', '--tag', TAG];
const SLEEP = ['build', 'fixture/git:latest', '--tag', TAG, '--entrypoint', '', '--cmd', 'sleep 100'];

describeEngines(['docker'], 'a build at $name', (engine) => {
  let daemon: Daemon;

  beforeAll(async () => {
    daemon = await connectDaemon(engine.settings, { wanted: [], signal: new AbortController().signal });
    await loadArchives(daemon, ['static', 'git'].map(fixtureImage));
  });
  afterAll(async () => {
    await daemon.close();
    rmSync(base, { recursive: true });
  });

  function start(argv: readonly string[], address = `unix://${SOCKET}`, env: NodeJS.ProcessEnv = {}): Running {
    return startProgram([...argv, '--engine', engine.name, '--host', address], { home, env });
  }

  async function disturbed(interfere: (request: string) => Interference | undefined): Promise<DaemonProxy> {
    const proxy = await daemonProxy(SOCKET, { interfere });
    onTestFinished(() => proxy[Symbol.asyncDispose]());
    return proxy;
  }

  /** Checks that the program said what is wrong, and that nothing is left of it once `clean` has run. */
  async function expectRefusal(running: Running, status: number): Promise<string> {
    const ended = await running.ended;
    expect(ended.stderr).toMatch(/^error: .+$/m);
    expect(ended.stderr).not.toContain('bug');
    expect(ended.status).toBe(status);
    await expectNothing(running);
    return ended.stderr;
  }

  async function expectNothing({ child }: Running): Promise<void> {
    expect((await clean()).status).toBe(0);
    expect(await daemonLeftovers(engine, child.pid)).toEqual([]);
    expect(traces(home)).toEqual(NO_TRACES);
    await expect(daemon.docker.getImage(TAG).inspect()).rejects.toMatchObject({ statusCode: 404 });
  }

  const clean = (): Promise<Ended> => start(['clean']).ended;

  /** The containers that a program runs at a moment that it has printed. */
  async function containersOf(running: Running, moment = 'exec sleep 20'): Promise<Container[]> {
    await expect.poll(() => running.printed.stderr, POLL).toContain(moment);
    const filters = { label: [OWNER_LABEL] };
    const isIts = ({ Labels }: { Labels: Record<string, string> }) =>
      Labels[OWNER_LABEL]?.split(' ')[1] === String(running.child.pid);
    const found = (await daemon.docker.listContainers({ filters })).filter(isIts);
    expect(found).not.toEqual([]);
    return found.map(({ Id }) => daemon.docker.getContainer(Id));
  }

  describe('whose connection', () => {
    test.each([
      ['creating a container', /^POST .containers.create/],
      ['starting the application', /^POST .containers.\w+.start/],
      ['the application runs', /^GET .containers.\w+.json/],
      ['stopping the application', /^POST .containers.\w+.(stop|kill)/],
      ['loading the slim image', /^POST .images.load/],
      ['naming the slim image', /^POST .images.[^?]+.tag/],
    ])('is cut while %s ends, and leaves nothing after a clean', async (_, when) => {
      const proxy = await disturbed((request) => (when.test(request) ? 'cut' : undefined));
      const stderr = await expectRefusal(start(SERVE, proxy.address), 6);
      expect(stderr).toMatch(/failed: (the connection to the daemon broke off|there is no such socket|nobody listens)/);
      expect(stderr).toMatch(/^hint: .*daemon/m);
    });

    test.each([
      ['attaching to the container', SERVE, /^POST .containers.\w+.attach/],
      ['the application runs', SERVE, /^GET .containers.\w+.json/],
      ['a probe is executed', [...SLEEP, '--exec', 'sleep 50'], /^POST .exec.\w+.start/],
      ['loading the slim image', SERVE, /^POST .images.load/],
    ])('swallows everything from %s on is given up', async (_, argv, when) => {
      const proxy = await disturbed((request) => (when.test(request) ? 'swallow' : undefined));
      const startedAt = performance.now();
      const running = start(argv, proxy.address, { TRACE_SLIM_DAEMON_TIMEOUT: '2' });
      const stderr = await expectRefusal(running, 6);
      expect(stderr).toMatch(/does not answer any more: nothing for 2 s|no answer from the daemon within 2 s/);
      expect(performance.now() - startedAt).toBeLessThan(15_000);
    });
  });

  test.each([
    ['of the daemon is full', /^POST .images.load/, 'write /var/lib/docker/x: no space left on device', /DISK_FULL/],
  ])('tells that the disk %s', async (_, when, message, code) => {
    const proxy = await disturbed((request) => (when.test(request) ? { status: 500, message } : undefined));
    const running = start([...SERVE, '--json'], proxy.address);
    const stderr = await expectRefusal(running, 6);
    expect(stderr).toContain(message);
    expect((await running.ended).stdout).toMatch(code);
  });

  test('tells that its own disk is full', async () => {
    const disk = join(base, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', disk]);
    onTestFinished(() => void execFileSync('umount', [disk]));
    const running = startProgram([...SERVE, '--engine', engine.name], { home: join(disk, 'home') });
    expect(await expectRefusal(running, 6)).toMatch(/no space left/i);
    expect(traces(join(disk, 'home'))).toEqual(NO_TRACES);
  });

  test('takes the first name back when the second cannot be given', async () => {
    const second = 'test/faults-second:slim';
    const proxy = await disturbed((request) =>
      /tag\?.*faults-second/.test(request) ? { status: 500, message: 'the tag is refused' } : undefined,
    );
    const stderr = await expectRefusal(start([...SERVE, '--tag', second], proxy.address), 6);
    expect(stderr).toContain(`naming the image ${second} failed: the tag is refused`);
    expect(proxy.requests).toContainEqual(expect.stringMatching(/^POST .*tag\?.*repo=test%2Ffaults&/));
  });

  test('says that the application died when somebody else has killed it', async () => {
    const running = start([...SERVE, '-v', '--continue-after', 'signal']);
    for (const container of await containersOf(running, 'to go on: kill')) await container.kill();
    expect(await expectRefusal(running, 3)).toContain('the application ended with exit status 137');
  });

  test('says that a container was removed when somebody else did that', async () => {
    const running = start([...SLEEP, '-v', '--exec', 'sleep 20']);
    for (const container of await containersOf(running)) await container.remove({ force: true });
    expect(await expectRefusal(running, 6)).toContain('somebody else has removed the container while it ran');
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('cleans up quickly on %s', async (signal, status) => {
    const running = start([...SLEEP, '-v', '--exec', 'sleep 20']);
    await expect.poll(() => running.printed.stderr, POLL).toContain('exec sleep 20');
    const startedAt = performance.now();
    running.child.kill(signal);
    expect((await running.ended).status).toBe(status);
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(await daemonLeftovers(engine, running.child.pid)).toEqual([]);
    await expectNothing(running);
  });

  test('that is killed leaves what clean removes, and that does not touch another one', async () => {
    const killed = start([...SLEEP, '-v', '--exec', 'sleep 20']);
    const other = start([...SERVE.slice(0, 2), '--tag', 'test/faults:other', '-v', '--continue-after', 'signal']);
    await expect.poll(() => killed.printed.stderr, POLL).toContain('exec sleep 20');
    await expect.poll(() => other.printed.stderr, POLL).toContain('to go on: kill');
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect(await daemonLeftovers(engine, killed.child.pid)).not.toEqual([]);
    const { stdout } = await clean();
    expect(stdout).toMatch(/^removed run \w+ at unix:/m);
    expect(stdout).toMatch(/at unix:.*: it is under way/);
    expect(await daemonLeftovers(engine, killed.child.pid)).toEqual([]);
    other.child.kill('SIGUSR1');
    expect((await other.ended).status).toBe(0);
    await daemon.docker.getImage('test/faults:other').remove();
    expect(await daemonLeftovers(engine, other.child.pid)).toEqual([]);
  });
});
