import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ownerMark } from '../../src/engine/host/state.ts';
import { EXIT } from '../../src/errors.ts';
import { type StartOptions, startProgram, tracerPids } from '../support/command-line.ts';
import { withDeletedFiles } from '../support/deleted-files.ts';
import { temporaryDirectory } from '../support/engine.ts';
import { type FakeDaemon, fakeDaemon } from '../support/fake-daemon.ts';
import { fixtureImage } from '../support/fixture-images.ts';

const POLL = { timeout: 30_000, interval: 20 };
const work = temporaryDirectory();
const home = join(work.path, 'home');
let nginx: string;
let shell: string;

beforeAll(() => {
  nginx = `docker-archive:${fixtureImage('nginx')}`;
  shell = `docker-archive:${fixtureImage('git')}`;
});
afterAll(() => work[Symbol.dispose]());

function start(argv: readonly string[], options: Partial<StartOptions> = {}) {
  return startProgram(argv, { home, cwd: work.path, ...options });
}

function build(source: string, ...argv: string[]) {
  return start(['build', source, '-o', 'docker-archive:slim.tar', ...argv]);
}

async function statusOf(running: ReturnType<typeof start>): Promise<number> {
  return (await running.ended).status;
}

/** Runs this code in the program before its own. */
function importing(code: string): string[] {
  return ['env', `NODE_OPTIONS=--import=data:text/javascript,${encodeURIComponent(code)}`];
}

/** What a daemon that has nothing tells of itself. */
const KNOWN_ANSWERS: Readonly<Record<string, unknown>> = {
  '/version': { ApiVersion: '1.41', Os: 'linux', Arch: process.arch === 'x64' ? 'amd64' : process.arch },
  '/containers/json': [],
  '/images/json': [],
  '/volumes': { Volumes: [] },
  '/networks': [],
};

/** A daemon that has no images; `answer` comes first, and true says that it has seen to an answer. */
function daemonOfThisHost(answer: (url: string, response: ServerResponse) => boolean): Promise<FakeDaemon> {
  return fakeDaemon({
    answer: ({ url = '' }, response) => {
      const path = url.replace(/^\/v[\d.]+|\?.*/g, '');
      const known = KNOWN_ANSWERS[path];
      if (known !== undefined) response.end(JSON.stringify(known));
      return known !== undefined || answer(url, response);
    },
  });
}

/** Every status of the table, by the test that reaches it. */
const reached = new Set<number>();
function reaches(name: keyof typeof EXIT, how: string, run: () => Promise<number>): void {
  test(`${EXIT[name]} (${name}): ${how}`, async () => {
    reached.add(EXIT[name]);
    expect(await run()).toBe(EXIT[name]);
  });
}

describe('the exit status is', () => {
  reaches('ok', 'the slim image is verified and written', () => statusOf(build(nginx)));

  reaches('internal', 'something happens that nobody has thought of', async () => {
    const code = "process.geteuid = () => { throw new RangeError('nobody expected this') }";
    const ended = await start(['doctor'], { through: importing(code) }).ended;
    expect(ended.stderr).toContain('this is a bug of trace-slim');
    return ended.status;
  });

  reaches('usage', 'an option does not exist', () => statusOf(build(nginx, '--no-such-option')));

  reaches('fatProbesFail', 'a probe fails on the original image', () =>
    statusOf(build(nginx, '--entrypoint', '["/bin/false"]')),
  );

  reaches('slimDiffers', 'what the probes need is left out', () =>
    statusOf(build(nginx, '--exclude-pattern', '/var/www/html/docs/**')),
  );

  reaches('budget', 'the image is larger than allowed', () => statusOf(build(nginx, '--fail-if', 'size>1kB')));

  reaches('engine', 'no daemon answers', () =>
    statusOf(build('nginx:alpine', '--engine', 'docker', '--host', 'unix:///nonexistent/docker.sock')),
  );

  reaches('image', 'there is no such image', () => statusOf(build('docker-archive:none.tar')));

  reaches('traceIncomplete', 'the tracer is killed', async () => {
    const busy = 'while :; do for file in /etc/*; do [ -e "$file" ]; done; sleep 0.05; done';
    const argv = ['--no-http-probe', '--entrypoint', '', '--cmd', `sh -c '${busy}'`, '--continue-after', '5'];
    const running = build(shell, ...argv);
    await expect.poll(() => tracerPids(home).length, POLL).toBeGreaterThan(0);
    for (const pid of tracerPids(home)) process.kill(pid, 'SIGKILL');
    return statusOf(running);
  });

  reaches('network', 'the registry cannot be reached', async () => {
    await using daemon = await daemonOfThisHost((url, response) => {
      if (!url.includes('/images/create')) return false;
      response.writeHead(500).end(JSON.stringify({ message: 'dial tcp: lookup registry.invalid: no such host' }));
      return true;
    });
    return await statusOf(build('registry.invalid/shop:1', '--engine', 'docker', '--host', daemon.address));
  });

  reaches('timeout', 'another process is at work on a layer of the image, and does not end', async () => {
    const own = { home: join(work.path, 'held') };
    const argv = ['build', nginx, '-o', 'docker-archive:slim.tar'];
    expect(await statusOf(start(argv, own))).toBe(EXIT.ok);
    const layers = join(own.home, 'layers');
    for (const layer of readdirSync(layers)) {
      rmSync(join(layers, layer), { recursive: true });
      mkdirSync(join(layers, `${layer}.lock`));
      writeFileSync(join(layers, `${layer}.lock`, 'owner'), ownerMark(process.pid) ?? '');
    }
    // An hour passes between two looks at the clock.
    const through = importing('const { now } = Date; let hours = 0; Date.now = () => now() + 36e5 * hours++');
    const { status, stderr } = await start(argv, { ...own, through }).ended;
    expect(stderr).toMatch(/^error: another process holds /m);
    return status;
  });

  reaches('sigint', 'it is interrupted, and what was found by then is told', async () => {
    const running = build(nginx, '--continue-after', 'signal', '--json');
    await expect.poll(() => running.printed.stderr, POLL).toContain('kill -USR1');
    running.child.kill('SIGINT');
    const { status, stdout } = await running.ended;
    const { exitStatus, error, probes } = JSON.parse(stdout);
    expect({ exitStatus, code: error.code, first: probes[0] }).toMatchObject({
      ...{ exitStatus: status, code: 'INTERRUPTED' },
      first: { probe: 'http GET :80/', fat: { ok: true } },
    });
    return status;
  });

  reaches('sigterm', 'it is told to end', async () => {
    const running = build(nginx, '--continue-after', 'signal');
    await expect.poll(() => running.printed.stderr, POLL).toContain('kill -USR1');
    running.child.kill('SIGTERM');
    return statusOf(running);
  });

  test('4 of verify for an image with files deleted, and exactly those are named', async () => {
    const deleted = ['/etc/debian_version', '/var/www/html/assets/site.css', '/var/www/html/docs/index.html'];
    const broken = withDeletedFiles(fixtureImage('nginx'), join(work.path, 'deleted'), deleted);
    const probe = ['--exec', 'test -e /etc/debian_version; true', '--http-probe'];
    const { status, stdout } = await start(['verify', nginx, broken, ...probe, '--json']).ended;
    expect(status).toBe(EXIT.slimDiffers);
    const [{ misses }] = JSON.parse(stdout).rounds;
    expect(misses.map(({ path }: { path: string }) => path)).toEqual(deleted);
  });

  test('the same in this table as in the program', () => {
    expect([...reached].sort((a, b) => a - b)).toEqual(Object.values(EXIT));
  });
});
