import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildSlim } from '../../src/pipeline.ts';
import type { Report } from '../../src/report/report.ts';
import { temporaryDirectory, testContext } from '../support/engine.ts';
import { describeEngines } from '../support/engines.ts';
import { fixtureImage } from '../support/fixture-images.ts';
import { changedPaths, dataBytes, type ImageEntry, imagePaths } from '../support/image-paths.ts';
import { buildSettings, defaultProbes } from '../support/settings.ts';

const HOME = '/opt/traps';
const work = temporaryDirectory();
afterAll(() => work[Symbol.dispose]());

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describeEngines(['local', 'docker'], 'on $name what minimizers by file access get wrong', (engine) => {
  const archive = join(work.path, `${engine.name}.tar`);
  let report: Report;
  let fat: ReadonlyMap<string, ImageEntry>;
  let slim: ReadonlyMap<string, ImageEntry>;

  beforeAll(async () => {
    const settings = buildSettings(`docker-archive:${fixtureImage('traps')}`, `docker-archive:${archive}`, {
      engine: engine.settings,
    });
    report = await buildSlim(settings, testContext());
    [fat, slim] = await Promise.all([imagePaths(fixtureImage('traps')), imagePaths(archive)]);
  });

  const within = (folder: string) => [...slim.keys()].filter((path) => path.startsWith(`${HOME}/${folder}/`));

  test('does not keep the image from being verified in the first round', () => {
    expect(report.status).toBe('verified');
    expect(report.rounds.map((round) => round.misses)).toEqual([[]]);
    expect(report.probes.map(({ probe }) => probe)).toEqual([
      ...['command', 'healthcheck', 'http GET :8080/'],
      ...['http GET :8080/no-such-page-for-trace-slim', 'http TRACE :8080/'],
    ]);
  });

  test('was stepped into: the application saw the image as it was made', () => {
    const answer = report.probes.find(({ probe }) => probe === 'http GET :8080/')?.slim;
    const body = answer?.facts.find(({ name }) => name === 'body')?.value ?? '{}';
    expect(JSON.parse(body)).toEqual({
      aliased: 'through a link',
      burst: '20000',
      capable: 'ran',
      checked: '20000',
      created_before: 'missing',
      flag: 'there',
      flag_text: 'content',
      group: 'root',
      hard_link: '5000000',
      listed: 'five four one three two',
      log_grown: '22',
      log_size: '2',
      lonely: 'there',
      relative: 'there',
      setuid: '0',
      setuid_mode: '4755',
      tested: 'executable',
      unlinked: 'read, then gone',
      user: 'root',
    });
  });

  test.each([
    ['whose name begins the name of an opened one', 'flags/flag'],
    ['that was only looked at', 'flags/lonely'],
    ['that was looked at by a relative name', 'relative/only-stat'],
    ['that sh asked to be executable', 'tested.sh'],
  ])('a file %s is kept', (_what, name) => {
    expect(slim.get(`${HOME}/${name}`)?.type).toBe('file');
  });

  test('none of 20,000 files that were only looked at is lost', () => {
    expect(within('checks')).toHaveLength(20_000);
  });

  test('none of 20,000 files that were opened in a burst is lost', () => {
    expect(within('burst')).toHaveLength(20_000);
  });

  test('a file that the run removed has the bytes of the image', () => {
    expect(slim.get(`${HOME}/unlinked.txt`)?.sha256).toBe(sha256('read, then gone\n'));
  });

  test('a log that the run appended to has the bytes of the image', () => {
    expect(slim.get(`${HOME}/events.log`)).toMatchObject({ size: 2, sha256: sha256('1\n') });
  });

  test('nothing is shipped that the run made', () => {
    expect([...slim.keys()].filter((path) => path !== '/' && !fat.has(path))).toEqual([]);
  });

  test('a setuid program keeps its bit', () => {
    expect(slim.get(`${HOME}/bin/setuid-id`)).toMatchObject({ mode: 0o4755, uid: 0 });
  });

  test('a file capability is there once the layer is unpacked', () => {
    const folder = join(work.path, 'unpacked');
    mkdirSync(join(folder, 'image'), { recursive: true });
    execFileSync('tar', ['-xf', archive, '-C', join(folder, 'image'), '--wildcards', '*.tar', '--strip-components=0']);
    const layers = execFileSync('find', [join(folder, 'image'), '-name', '*.tar'], { encoding: 'utf8' });
    const name = `${HOME.slice(1)}/bin/capable-printf`;
    execFileSync('tar', ['--xattrs', '--xattrs-include=*', '-xf', layers.trim(), '-C', folder, name]);
    const shown = execFileSync('/usr/sbin/getcap', [join(folder, name)], { encoding: 'utf8' });
    expect(shown).toContain('cap_net_bind_service=ep');
  });

  test('of five names of a 5 MB file one is kept, and its data once', () => {
    expect(within('links')).toEqual([`${HOME}/links/c`]);
    expect(dataBytes(slim)).toBeLessThan(14e6);
  });

  test('a link to a directory is kept with what it leads to', () => {
    expect(slim.get(`${HOME}/alias`)).toMatchObject({ type: 'symlink', target: 'real' });
    expect(slim.get(`${HOME}/real/data.txt`)?.sha256).toBe(sha256('through a link\n'));
  });

  test('a directory that was listed lists the same', () => {
    const names = ['five', 'four', 'one', 'three', 'two'].map((name) => `${HOME}/listed/${name}`);
    expect(within('listed').sort()).toEqual(names);
  });

  test('what the HEALTHCHECK runs is kept', () => {
    for (const path of [`${HOME}/healthcheck.sh`, '/usr/bin/cat', `${HOME}/health.txt`, `${HOME}/health.flag`]) {
      expect(slim.has(path), path).toBe(true);
    }
  });

  test('nobody but root may write to system directories', () => {
    const directories = [...slim].filter(([, entry]) => entry.type === 'directory');
    const open = directories.filter(([, { mode, uid }]) => uid !== 0 || (mode & 0o022) !== 0).map(([path]) => path);
    expect(open).toEqual(['/run/lock', '/tmp', '/var/tmp']);
    for (const path of open) expect(slim.get(path)?.mode, path).toBe(0o1777);
    expect(slim.get('/usr/bin')?.mode).toBe(0o755);
  });

  test('users and groups keep their names', () => {
    expect(slim.has('/etc/passwd') && slim.has('/etc/group')).toBe(true);
  });

  test('what nothing used is gone', () => {
    expect(slim.has(`${HOME}/unused.bin`)).toBe(false);
  });

  test('every path that is kept is what it was: header, attributes and bytes', () => {
    expect(changedPaths(fat, slim)).toEqual([]);
  });
});

/** A web server in one line, for every image of Debian: perl-base is essential there. */
function server(statusLine: string): string {
  return `use Socket; $| = 1; socket my $s, PF_INET, SOCK_STREAM, 6; setsockopt $s, SOL_SOCKET, SO_REUSEADDR, 1;
    bind $s, sockaddr_in(8080, INADDR_ANY) or die; listen $s, 9;
    while (accept my $c, $s) { my $r = <$c>; print $r; while (<$c>) { last if /^\\r?$/ }
      print $c "HTTP/1.0 ${statusLine}\\r\\nContent-Type: text/plain\\r\\n\\r\\nanswer\\n"; close $c }`;
}

function serving(statusLine: string, changes: Parameters<typeof buildSettings>[2] = {}) {
  const settings = buildSettings(`docker-archive:${fixtureImage('git')}`, `oci:${join(work.path, 'server')}`, changes);
  const config = { Entrypoint: ['perl', '-e', server(statusLine)], Cmd: null, ExposedPorts: { '8080/tcp': {} } };
  return { ...settings, run: { ...settings.run, config } };
}

describe('an application', () => {
  test('that answers 500 to its only probe is refused', async () => {
    await expect(buildSlim(serving('500 Oops'), testContext())).rejects.toMatchObject({
      code: 'PROBE_FAILED',
      message: expect.stringContaining('http GET :8080/: 500'),
    });
  });

  test('that is said to answer 500 must do so from the slim image, too', async () => {
    const probes = { ...defaultProbes, allowFailing: true };
    const report = await buildSlim(serving('500 Oops', { probes }), testContext());
    expect(report.status).toBe('verified');
    expect(report.probes[1]?.slim?.summary).toMatch(/^500 /);
  });

  test('is asked once for each probe', async () => {
    const report = await buildSlim(serving('200 OK'), testContext());
    const printed = report.probes[0]?.fat.facts.find(({ name }) => name === 'stdout')?.value;
    expect(printed?.trim().split(/\r?\n/)).toEqual([
      'GET / HTTP/1.1',
      'GET /no-such-page-for-trace-slim HTTP/1.1',
      'TRACE / HTTP/1.1',
    ]);
  });
});
