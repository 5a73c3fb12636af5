import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import {
  containerPids,
  controlGroups,
  type Ended,
  NO_TRACES,
  type Running,
  type StartOptions,
  startProgram,
  tracerPids,
  traces,
} from '../support/command-line.ts';
import { fixtureImage } from '../support/fixture-images.ts';
import { archiveOf, dockerFiles, sha256 } from '../support/images.ts';
import { tarBytes } from '../support/tar.ts';

const POLL = { timeout: 30_000, interval: 20 };
/** Ends with SIGKILL only, as programs do that mind no other signal. */
const STUBBORN = ['--entrypoint', '', '--cmd', `sh -c 'trap "" TERM INT; echo up; while :; do sleep 1; done'`];

let base: string;
let work: string;
let warm: string;
let staticImage: string;
let shellImage: string;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'cli-faults-'));
  chmodSync(base, 0o755);
  // Layers are unpacked here once, for tests that are not about unpacking; one test runs at a time.
  warm = join(base, 'home');
  staticImage = `docker-archive:${fixtureImage('static')}`;
  shellImage = `docker-archive:${fixtureImage('git')}`;
});

beforeEach(() => {
  work = mkdtempSync(join(base, 'work-'));
});

afterAll(() => rmSync(base, { recursive: true }));

function freshHome(): string {
  return join(work, 'home');
}

function start(argv: readonly string[], options: Partial<StartOptions> = {}): Running {
  return startProgram(argv, { home: warm, cwd: work, ...options });
}

function build(source: string, argv: readonly string[] = [], options: Partial<StartOptions> = {}): Running {
  return start(['build', source, '-o', 'docker-archive:slim.tar', ...argv], options);
}

/** Checks what every failed run has in common, and gives what it printed on stderr. */
function expectRefusal({ status, stdout, stderr }: Ended, expected: number, home = warm): string {
  expect(stderr).toMatch(/^error: .+$/m);
  expect(stderr).toMatch(/^hint: .+$/m);
  expect({ status, stdout }, stderr).toEqual({ status: expected, stdout: '' });
  expect(readdirSync(work).filter((name) => /slim|tmp/.test(name))).toEqual([]);
  expect(traces(home)).toEqual(NO_TRACES);
  return stderr;
}

/** Puts an image with these contents into the work folder. */
function imageFile(name: string, bytes: Buffer): string {
  writeFileSync(join(work, name), bytes);
  return `docker-archive:${name}`;
}

/** A tmpfs of its own for a test. */
function smallDisk(name: string, size: string): string {
  const path = join(work, name);
  mkdirSync(path);
  execaSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]);
  onTestFinished(() => void execaSync('umount', [path]));
  return path;
}

describe('an image that cannot be read', () => {
  const layer = tarBytes([{ name: '../../etc/evil', body: 'x' }]);

  test.each([
    ['is not there', () => 'docker-archive:none.tar', 7, 'there is no image at docker-archive:none.tar'],
    ['is garbage', () => imageFile('x.tar', Buffer.alloc(4096, 7)), 7, 'docker-archive:x.tar: '],
    [
      'is cut off',
      () => imageFile('x.tar', readFileSync(fixtureImage('static')).subarray(0, 1_000_000)),
      7,
      'docker-archive:x.tar: the tar archive is truncated',
    ],
    [
      'has a layer that is no tar',
      () =>
        imageFile(
          'x.tar',
          archiveOf(
            dockerFiles(['t:1'], { layers: [Buffer.alloc(2048, 7)], diffIds: [sha256(Buffer.alloc(2048, 7))] }),
          ),
        ),
      7,
      'layer sha256:',
    ],
    [
      'would write outside of itself',
      () => imageFile('x.tar', archiveOf(dockerFiles(['t:1'], { layers: [layer], diffIds: [sha256(layer)] }))),
      7,
      'tar entry ../../etc/evil leaves the image',
    ],
    [
      'is for another architecture',
      () => imageFile('x.tar', archiveOf(dockerFiles(['t:1'], { config: { architecture: 's390x' } }))),
      6,
      'is for linux/s390x',
    ],
  ])('is refused when it %s', async (_, source, status, message) => {
    const home = freshHome();
    expect(expectRefusal(await build(source(), [], { home }).ended, status, home)).toContain(message);
  });

  test('is refused when a byte of it has changed', async () => {
    const bytes = readFileSync(fixtureImage('static'));
    bytes.writeUInt8(bytes.readUInt8(1_000_000) ^ 1, 1_000_000);
    const home = freshHome();
    const source = imageFile('x.tar', bytes);
    expect(expectRefusal(await build(source, [], { home }).ended, 7, home)).toMatch(/has the wrong digest/);
    const { stdout } = await build(source, ['--json'], { home }).ended;
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'DIGEST_MISMATCH' } });
  });
});

describe('a host that lacks something', () => {
  /** Runs in a mount name space in which programs are hidden behind a file that cannot be run. */
  function without(...programs: string[]): string[] {
    const hide = `for p in ${programs.join(' ')}; do mount --bind /dev/null "$(readlink -f "$(command -v $p)")"; done; exec "$@"`;
    return ['unshare', '--mount', 'bash', '-c', hide, 'bash'];
  }

  test.each([
    [['strace'], 'strace', 'apt-get install strace'],
    [['runc', 'crun'], 'runc or crun', 'apt-get install runc'],
    [['nsenter'], 'nsenter', 'apt-get install util-linux'],
    [['tar'], 'tar', 'apt-get install tar'],
  ])('%j is told what to install', async (programs, name, hint) => {
    const stderr = expectRefusal(await build(staticImage, [], { through: without(...programs) }).ended, 6);
    expect(stderr).toMatch(new RegExp(`^error: .*program ${name}`, 'm'));
    expect(stderr).toContain(hint);
  });

  test('hears the same from doctor', async () => {
    const { status, stdout } = await start(['doctor', '--engine', 'local'], {
      through: without('strace', 'runc', 'crun'),
    }).ended;
    expect(status).toBe(6);
    expect(stdout).toMatch(/✗ {2}strace .*\n.*hint: apt-get install strace/);
    expect(stdout).toMatch(/✗ {2}runc .*\n.*hint: apt-get install runc/);
  });

  test('is told to be root', async () => {
    // With the right to read the program wherever it is, e.g. below /root.
    const reads = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
    const through = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...reads];
    const home = '/nonexistent/home';
    const stderr = expectRefusal(await build(staticImage, [], { home, through }).ended, 6, home);
    expect(stderr).toContain('needs root');
    expect(stderr).toContain('sudo');
  });

  test('is told when the state directory cannot be made', async () => {
    const stderr = expectRefusal(await build(staticImage, [], { home: '/etc/passwd/x' }).ended, 6);
    expect(stderr).toContain('cannot create the state directory /etc/passwd/x');
  });
});

describe('a full disk', () => {
  test.each(['1500k', '9m'])('of %s for the state is told as such', async (size) => {
    const home = join(smallDisk('disk', size), 'home');
    const stderr = expectRefusal(await build(staticImage, [], { home }).ended, 6, home);
    expect(stderr).toMatch(/no space left/i);
  });

  test.each(['docker-archive', 'oci', 'oci-archive'])('leaves nothing of a %s output', async (transport) => {
    const disk = smallDisk('disk', '500k');
    const ended = await start(['build', staticImage, '-o', `${transport}:disk/slim`]).ended;
    expect(expectRefusal(ended, 6)).toContain('there is no space left for disk/slim');
    expect(readdirSync(disk)).toEqual([]);
  });
});

test('a report that cannot be written is told when everything has been put away', async () => {
  const argv = ['build', staticImage, '-o', 'docker-archive:image.tar', '--report', '/dev/full'];
  expect(expectRefusal(await start(argv).ended, 6)).toContain('error: cannot write report /dev/full\n');
});

describe('an application that does not work', () => {
  const command = (line: string) => ['--entrypoint', '', '--cmd', line];
  const complaining = (rest: string) => command(`sh -c "echo starting; echo no config >&2; ${rest}"`);

  test.each([
    [
      'never opens its port',
      ['--expose', '80', '--ready-timeout', '1', ...complaining('exec sleep 100')],
      /port 80 never opened within 1 s/,
    ],
    [
      'dies at its start',
      ['--expose', '80', ...complaining('exit 9')],
      /ended with exit status 9 before it could be probed/,
    ],
    ['fails', complaining('exit 9'), /a probe fails on the original image: command: exit 9/],
  ])('is refused with what it printed last when it %s', async (_, argv, message) => {
    const stderr = expectRefusal(await build(shellImage, argv).ended, 3);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^ {2}starting$/m);
    expect(stderr).toMatch(/^ {2}no config$/m);
    const { stdout } = await build(shellImage, [...argv, '--json']).ended;
    expect(JSON.parse(stdout)).toMatchObject({ error: { context: { log: expect.stringContaining('no config') } } });
  });

  test.each([
    ['command', command('nonesuch'), 'the image has no program nonesuch'],
    ['user', ['--user', 'nonesuch', ...command('true')], 'the image has no user named nonesuch'],
  ])('is refused when the image lacks its %s', async (_, argv, message) => {
    expect(expectRefusal(await build(shellImage, argv).ended, 3)).toContain(message);
  });

  const serving503 = command(
    `perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(LocalPort => 80, Listen => 5, ReuseAddr => 1) or die; while (my $c = $s->accept) { my $l = <$c>; print $c "HTTP/1.0 503 X\\r\\nContent-Length: 2\\r\\n\\r\\nno"; close $c }'`,
  );

  test('is refused when it answers 503', async () => {
    const stderr = expectRefusal(await build(shellImage, ['--expose', '80', ...serving503]).ended, 3);
    expect(stderr).toContain('http GET :80/: 503');
  });

  test('may answer 503 when that is expected, and the slim image must too', async () => {
    const argv = ['--expose', '80', ...serving503, '--allow-failing-probes', '--json'];
    const { status, stdout } = await build(shellImage, argv).ended;
    expect(status).toBe(0);
    expect(JSON.parse(stdout).probes).toContainEqual(
      expect.objectContaining({ probe: 'http GET :80/', equal: true, slim: expect.objectContaining({ ok: false }) }),
    );
  });
});

describe('a tracer that is killed', () => {
  test.each([
    ['a service that goes on', () => [staticImage, '--http-probe=false', '--exec', 'sleep 1']],
    [
      'a command that then fails',
      () => [shellImage, '--entrypoint', '', '--cmd', 'sh -c "sleep 1; cat /etc/hostname"'],
    ],
  ])('leaves an incomplete trace of %s', async (_, argv) => {
    const [source = '', ...rest] = argv();
    const running = build(source, rest);
    await expect.poll(() => tracerPids(warm), POLL).not.toEqual([]);
    for (const pid of tracerPids(warm)) process.kill(pid, 'SIGKILL');
    expectRefusal(await running.ended, 8);
  });
});

test('a slim image that differs is not written, and the report says how', async () => {
  const argv = ['--exclude-pattern', '/www/index.html', '--report', 'report.json'];
  const { status, stdout } = await build(staticImage, argv).ended;
  expect(status).toBe(4);
  expect(stdout).toMatch(/status:\n\s+- 200\n\s+\+ 404/);
  expect(stdout).toContain('/www/index.html  newfstatat ENOENT');
  expect(readdirSync(work)).toEqual(['report.json']);
  const report = JSON.parse(readFileSync(join(work, 'report.json'), 'utf8'));
  expect(report).toMatchObject({ status: 'differs', outputs: [], rounds: [{ round: 1 }] });
  expect(report.rounds).toHaveLength(1);
  expect(traces(warm)).toEqual(NO_TRACES);
});

describe('an interruption', () => {
  const MOMENTS = [
    ['unpacking', 'opening docker', (home: string) => readdirSync(join(home, 'layers')).length > 0],
    ['the application runs', 'running the image', (home: string) => containerPids(home, 'echo up').length > 1],
    ['probes run', 'exec sleep', (home: string) => containerPids(home, 'sleep 3').length > 0],
    ['verifying', 'replaying the probes', () => true],
  ] as const;

  test.each(MOMENTS.flatMap((moment) => [[...moment, 'SIGINT', 130] as const, [...moment, 'SIGTERM', 143] as const]))(
    'while %s (%s) cleans up quickly',
    async (name, text, isThere, signal, status) => {
      const home = name === 'unpacking' ? freshHome() : warm;
      const pause = name === 'verifying' ? 'sleep 0.3' : 'sleep 3';
      const running = build(shellImage, ['-v', '--exec', pause, ...STUBBORN], { home });
      await expect.poll(() => running.printed.stderr.includes(text) && isThere(home), POLL).toBe(true);
      const startedAt = performance.now();
      running.child.kill(signal);
      expect(await running.ended).toMatchObject({ status, stdout: '' });
      expect(performance.now() - startedAt).toBeLessThan(4000);
      expect(readdirSync(work).filter((entry) => /slim|tmp/.test(entry))).toEqual([]);
      expect(traces(home)).toEqual(NO_TRACES);
    },
  );
});

describe('kill -9 and clean', () => {
  test('leave nothing of a run, and do not touch another one', async () => {
    const other = build(staticImage, ['--continue-after', 'signal', '-v']);
    await expect.poll(() => other.printed.stderr, POLL).toContain('to go on: kill');
    const [otherRun = ''] = readdirSync(join(warm, 'runs'));
    const running = build(shellImage, ['--exec', 'sleep 60', ...STUBBORN]);
    await expect.poll(() => containerPids(warm, 'sleep 60').length, POLL).toBeGreaterThan(0);
    const runs = readdirSync(join(warm, 'runs')).filter((run) => run !== otherRun);
    running.child.kill('SIGKILL');
    await running.ended;
    expect(runs.flatMap(controlGroups)).not.toEqual([]);

    const cleaned = await start(['clean']).ended;
    expect(cleaned).toMatchObject({ status: 0, stderr: '' });
    expect(cleaned.stdout).toContain(`removed run ${join(warm, 'runs', runs[0] ?? '')}`);
    expect(cleaned.stdout).toContain(`${otherRun}: it is under way`);
    expect(containerPids(warm, 'sleep 60')).toEqual([]);
    expect(runs.flatMap(controlGroups)).toEqual([]);
    expect(readdirSync(join(warm, 'runs'))).toEqual([otherRun]);

    other.child.kill('SIGUSR1');
    expect((await other.ended).status).toBe(0);
    expect(traces(warm)).toEqual(NO_TRACES);
  });

  test('leave nothing of half an unpacked layer', async () => {
    const home = freshHome();
    const running = build(shellImage, [], { home });
    await expect.poll(() => traces(home).unfinished.some((name) => name.includes('.new')), POLL).toBe(true);
    running.child.kill('SIGKILL');
    await running.ended;
    expect((await start(['clean'], { home }).ended).stdout).toContain('removed unfinished');
    await expect.poll(() => traces(home), POLL).toEqual(NO_TRACES);
  });
});

test('two builds of an image that neither has unpacked both succeed, with the same bytes', async () => {
  const home = freshHome();
  const runs = ['a', 'b'].map((name) =>
    start(['build', staticImage, '-q', '-o', `docker-archive:${name}.tar`], { home }),
  );
  const [a, b] = await Promise.all(runs.map((run) => run.ended));
  expect([a?.status, b?.status]).toEqual([0, 0]);
  expect(readFileSync(join(work, 'a.tar')).equals(readFileSync(join(work, 'b.tar')))).toBe(true);
  expect(traces(home)).toEqual(NO_TRACES);
});

test('a reader that goes away does not stop a build', async () => {
  const running = build(staticImage, ['--json']);
  running.child.stdout?.destroy();
  expect((await running.ended).status).toBe(0);
  expect(readdirSync(work)).toContain('slim.tar');
});
