import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readReport } from '../../src/report/read.ts';
import type { KeptPath, Report } from '../../src/report/report.ts';
import { readTraceFile } from '../../src/trace/trace-file.ts';
import { startProgram } from '../support/command-line.ts';
import { temporaryDirectory } from '../support/engine.ts';
import { fixtureImage } from '../support/fixture-images.ts';

const work = temporaryDirectory();
afterAll(() => work[Symbol.dispose]());

const at = (name: string) => join(work.path, name);

/** Offline, a third of its commands fail. */
const SCRIPT = `#!/bin/bash
git --version
git init -q /tmp/repo && cd /tmp/repo
echo hello > a && git add a && git commit -qm one
git log --oneline | wc -l
git clone -q https://example.invalid/x; echo "clone: $?"
which git curl nosuch
openssl rand -hex 8
openssl version | cut -d' ' -f1
echo '{"a":1}' | sed s/a/b/ | tee out.json
curl -sS http://127.0.0.1:1/; echo "curl: $?"
git nosuchcommand
for file in /etc/*release; do [[ -f $file ]] && echo "$file"; done
exit 3
`;

const INCLUDES = `# licences
/usr/share/doc/git/copyright

/usr/share/perl5/**/*.pm
/etc/ssl
/no/such/file
`;

async function run(...argv: string[]) {
  const { ended } = startProgram(argv, { home: at('state'), cwd: work.path });
  return ended;
}

beforeAll(() => {
  writeFileSync(at('probes.sh'), SCRIPT);
  writeFileSync(at('includes.txt'), INCLUDES);
});

describe('a command-line tool, exercised by a script', () => {
  let report: Report;
  let kept: Map<string, KeptPath>;

  beforeAll(async () => {
    const includes = [
      '--include-path-file',
      'includes.txt',
      '--include-bin',
      '/usr/bin/scalar',
      '--include-exe',
      'perl',
    ];
    const image = `docker-archive:${fixtureImage('git')}`;
    const built = await run(
      'build',
      image,
      '-o',
      'slim.tar',
      '--exec-file',
      'probes.sh',
      ...includes,
      '--include-shell',
      '--json',
    );
    expect(built.stderr).not.toContain('error:');
    writeFileSync(at('printed.json'), built.stdout);
    report = await readReport(at('printed.json'));
    kept = new Map(report.kept.map((path) => [path.path, path]));
  });

  const reasonsFor = (path: string) =>
    kept
      .get(path)
      ?.reasons.map(({ text }) => text)
      .join('; ') ?? 'removed';

  test('is verified by what the script prints, whatever its exit status is', () => {
    expect(report.status).toBe('verified');
    const script = report.probes.find(({ probe }) => probe === 'exec-file probes.sh');
    expect(script?.slim).toMatchObject({ ok: true, summary: 'exit 3' });
    const printed = script?.slim?.facts.find(({ name }) => name === 'stdout')?.value;
    expect(printed).toMatch(
      /^git version .*\n1\nclone: 128\n\/usr\/bin\/git\n\/usr\/bin\/curl\n[0-9a-f]{16}\nOpenSSL\n/,
    );
  });

  test('is not waited for: the command of the image has ended long before the script runs', () => {
    const tracing = report.stages.find(({ stage }) => stage === 'trace');
    expect(tracing?.durationMs).toBeLessThan(8000);
  });

  test('keeps what the script ran, in pipes and through bash', () => {
    for (const name of ['bash', 'git', 'which', 'openssl', 'cut', 'sed', 'tee', 'wc', 'curl']) {
      expect(reasonsFor(`/usr/bin/${name}`), name).toContain('exec-file probes.sh');
    }
  });

  test('keeps what include lists name: files, directories, globs, programs with their libraries', () => {
    expect(reasonsFor('/usr/share/doc/git/copyright')).toContain('--include-path-file');
    expect(reasonsFor('/usr/share/perl5/Git.pm')).toContain('--include-path-file');
    expect(reasonsFor('/etc/ssl/openssl.cnf')).toContain('--include-path-file');
    expect(reasonsFor('/usr/bin/scalar')).toContain('--include-bin');
    expect(reasonsFor('/usr/bin/perl')).toContain('--include-exe');
    expect(reasonsFor('/usr/lib/x86_64-linux-gnu/libcrypt.so.1')).not.toBe('removed');
    for (const name of ['ls', 'find', 'grep', 'tail']) expect(reasonsFor(`/usr/bin/${name}`)).not.toBe('removed');
  });

  test('warns of what an include list names and the image has not', () => {
    expect(report.warnings).toContain('--include-path-file /no/such/file matches nothing in the image');
  });

  test('is explained path by path, kept and removed ones', async () => {
    const keptText = (await run('explain', '/usr/bin/curl')).stdout;
    expect(keptText).toContain('/usr/bin/curl is kept');
    expect(keptText).toContain('exec-file probes.sh');
    const removed = JSON.parse((await run('explain', '--json', '/usr/bin/dpkg')).stdout);
    expect(removed).toMatchObject({ schemaVersion: 1, state: 'removed', package: 'dpkg' });
    expect(JSON.parse((await run('explain', '--json', '/no/such')).stdout)).toMatchObject({ state: 'unknown' });
  });

  test('passes the verification of two archives', async () => {
    const argv = ['verify', `docker-archive:${fixtureImage('git')}`, 'slim.tar', '--exec-file', 'probes.sh', '--json'];
    const { status, stdout } = await run(...argv);
    expect({ status, verdict: JSON.parse(stdout).status }).toEqual({ status: 0, verdict: 'verified' });
  });
});

describe('a trace', () => {
  test('is written to a file from which an include list is made, with which an image is built without any probe', async () => {
    const image = `docker-archive:${fixtureImage('git')}`;
    const traced = await run('trace', image, '--exec', 'openssl version', '-o', 'ssl.jsonl', '--json');
    expect(traced.status).toBe(0);
    expect(JSON.parse(traced.stdout)).toMatchObject({ outputPath: 'ssl.jsonl', completeness: { complete: true } });
    const { trace } = await readTraceFile(at('ssl.jsonl'));
    expect(trace.accesses.map(({ asked }) => asked)).toContain('/usr/bin/openssl');

    await run('trace', image, '--exec', 'curl --version', '-o', 'curl.jsonl');
    const listed = await run('paths', 'ssl.jsonl', 'curl.jsonl', '--json');
    const { paths } = JSON.parse(listed.stdout);
    expect(paths).toEqual(expect.arrayContaining(['/usr/bin/curl', '/usr/bin/openssl', '/usr/bin/git']));
    expect((await run('paths', 'ssl.jsonl', 'curl.jsonl')).stdout.trimEnd().split('\n')).toEqual(paths);

    writeFileSync(at('paths.txt'), paths.join('\n'));
    const built = await run('build', image, '-o', 'listed.tar', '--include-path-file', 'paths.txt', '-q');
    expect(built).toMatchObject({ status: 0, stderr: '' });
    const probes = ['--exec', 'openssl version', '--exec', 'curl --version'];
    expect((await run('verify', image, 'listed.tar', ...probes, '-q')).status).toBe(0);
  });
});
