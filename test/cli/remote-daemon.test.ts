import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { connectDaemon, type Daemon } from '../../src/engine/docker/api/connect.ts';
import { startProgram } from '../support/command-line.ts';
import { daemonProxy } from '../support/daemon-proxy.ts';
import { temporaryDirectory } from '../support/engine.ts';
import { daemonLeftovers, describeEngines, loadArchives, type TestEngine } from '../support/engines.ts';
import { fixtureImage } from '../support/fixture-images.ts';
import { type ImageEntry, imagePaths } from '../support/image-paths.ts';
import { archiveOf, dockerFiles, sha256 } from '../support/images.ts';
import { tarBytes } from '../support/tar.ts';

const work = temporaryDirectory();
afterAll(() => work[Symbol.dispose]());
const home = join(work.path, 'home');
const SOCKET_PROBE = join(work.path, 'socket.yaml');

/** Where neither a daemon's store nor the program's own folder is the one that the daemon sees. */
const ELSEWHERE = `
mkdir -p "$TRACE_SLIM_HOME"
for folder in /var/lib/docker /var/lib/containers "$TRACE_SLIM_HOME"; do mount -t tmpfs tmpfs "$folder" || exit; done
exec "$@"`;

/**
 * Directories whose times are lost: a daemon changes the first four in every container; layers that do not state the others
 * leave it to the daemon what they are.
 */
const TOUCHED = ['/', '/data', '/dev', '/etc', '/run', '/usr', '/var'];

const CAPABILITY = '\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00';
const directory = (name: string, more = {}) => ({
  name,
  typeflag: '5',
  mode: 0o755,
  mtimeSeconds: 1_600_000_000,
  ...more,
});
const file = (name: string, more = {}) => ({ name, mode: 0o644, mtimeSeconds: 1_600_000_001, body: name, ...more });

/** Every entry that is easily read wrong through a container, on top of a program. */
const ODD = tarBytes([
  ...['', 'dev/', 'etc/', 'run/', 'odd/'].map((name) => directory(`./${name}`)),
  ...['new\nline', 'back\\slash', '\xff\xfe', `sp ace'"$x`, '-dash', '*', '\\n'].map((name) => file(`./odd/${name}`)),
  file('./odd/linked'),
  { name: './odd/link', typeflag: '1', linkName: './odd/linked', mtimeSeconds: 1_600_000_001 },
  { name: './odd/dangling', typeflag: '2', linkName: '\xff\n', mtimeSeconds: 1_600_000_001 },
  file('./odd/capable', { mode: 0o755, pax: { 'SCHILY.xattr.security.capability': CAPABILITY } }),
  file('./odd/setuid', { mode: 0o4755 }),
  directory('./odd/private/', { mode: 0o700 }),
  file('./odd/private/file', { mode: 0o600, pax: { mtime: '1600000001.123456789' } }),
  directory('./data/', { uid: 1000, gid: 1000, mode: 0o750 }),
  file('./data/file', { uid: 1000, gid: 1000 }),
  file('./etc/passwd', { body: 'app:x:1000:1000::/:/bin/false\n' }),
]);

/** A docker-archive of a fixture with one more layer. */
function oddImage(): string {
  const archive = fixtureImage('git');
  const read = (name: string) => execFileSync('tar', ['-xOf', archive, name], { maxBuffer: 1 << 28 });
  const [{ Config, Layers }] = JSON.parse(read('manifest.json').toString());
  const { config } = JSON.parse(read(Config).toString());
  const layers = [...Layers.map(read), ODD];
  const changed = { ...config, User: 'app', Volumes: { '/data': {} } };
  const image = {
    layers,
    diffIds: layers.map((layer) => sha256(layer)),
    config: { config: changed, created: '2024-01-01T00:00:00Z' },
  };
  const path = join(work.path, 'odd.tar');
  writeFileSync(path, archiveOf(dockerFiles(['test/odd:latest'], image)));
  return path;
}

describeEngines(['docker', 'podman'], '$name on another host', (engine) => {
  let daemon: Daemon;
  let odd: string;

  beforeAll(async () => {
    odd = oddImage();
    daemon = await connectDaemon(engine.settings, { wanted: [], signal: new AbortController().signal });
    writeFileSync(SOCKET_PROBE, 'version: 1\nprobes: [{ redis: { socket: "/tmp/a,b.sock", commands: [PING] } }]');
    await loadArchives(daemon, [...['git', 'static', 'redis'].map(fixtureImage), odd]);
  });
  afterAll(async () => {
    await daemon.docker.getImage('test/odd:latest').remove();
    await daemon.close();
  });

  test.each([
    ['git', 'over TCP', true, ['fixture/git:latest', '--exec', 'git --version']],
    ['static', 'over TCP', true, ['fixture/static:latest']],
    [
      'redis',
      'over TCP, and its server by a unix socket',
      true,
      ['fixture/redis:latest', '--cmd', 'redis-server --port 0 --unixsocket /tmp/a,b.sock', '--probe', SOCKET_PROBE],
    ],
    [
      'odd',
      'over a socket of this host',
      false,
      ['test/odd:latest', ...['/odd', '/data'].flatMap((path) => ['--include-path', path])],
    ],
  ])('makes what the built-in engine makes of %s when it is reached %s', async (name, _, isTcp, argv) => {
    const [source = '', ...options] = argv;
    const remote = await builtRemotely(engine, isTcp, name, [source, ...options]);
    const archive = name === 'odd' ? odd : fixtureImage(name);
    const here = await built(name, ['build', `docker-archive:${archive}`, '--engine', 'local', ...options]);
    // Podman gives directories that no layer states a mode and time of its own, and writes into the files of accounts.
    const isShared = (facts: ImageEntry, path: string) =>
      engine.name === 'docker' || (facts.type !== 'directory' && !/^\/etc\/(?:passwd|group)$/.test(path));
    expect(shared(remote, isShared)).toEqual(shared(here, isShared));
  });
});

async function builtRemotely(engine: TestEngine, isTcp: boolean, name: string, argv: readonly string[]) {
  const { host = '' } = engine.settings;
  const proxy = await daemonProxy(host.replace('unix://', ''), { isTcp });
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  const through = ['unshare', '--mount', 'sh', '-c', ELSEWHERE, 'sh'];
  return built(name, ['build', ...argv, '--engine', engine.name, '--host', proxy.address], through, engine);
}

async function built(name: string, argv: readonly string[], through: readonly string[] = [], engine?: TestEngine) {
  const path = join(work.path, `${name}-slim.tar`);
  const running = startProgram([...argv, '-q', '-o', `docker-archive:${path}`], { home, through });
  onTestFinished(() => void running.child.kill('SIGTERM'));
  expect(await running.ended).toMatchObject({ status: 0, stderr: '' });
  if (engine) expect(await daemonLeftovers(engine, running.child.pid)).toEqual([]);
  return imagePaths(path);
}

/** What must be equal on all engines. */
function shared(
  paths: ReadonlyMap<string, ImageEntry>,
  isShared: (facts: ImageEntry, path: string) => boolean,
): Record<string, unknown> {
  return Object.fromEntries(
    [...paths]
      .filter(([path, facts]) => isShared(facts, path))
      .map(([path, { group: _, mtime, ...facts }]) => [path, TOUCHED.includes(path) ? facts : { ...facts, mtime }]),
  );
}
