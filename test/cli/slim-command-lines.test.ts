import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/report/report.ts';
import { NO_TRACES, startProgram, traces } from '../support/command-line.ts';
import { fixtureImage } from '../support/fixture-images.ts';

const PROBES = `
az --version
azcopy --version
script.sh --version
az login --identity
script.sh nightly
`;

/** Where the image has them; the commands of its users, like those above, go by name. */
const SETUP = 'PATH=$PATH:/:/opt/azcopy\n';

/** What was found by hand: a script read, programs looked up, links and what they lead to. */
const PATHS = `# programs
/bin/bash
/usr/bin/env
/usr/bin/sort
/usr/bin/python3
/usr/local/bin/az
/usr/local/bin/clean-up
/opt/azcopy/azcopy:755#0#0
/usr/local/lib/python3.10/site-packages/azure/commands
/script.sh:0755#1000#1000
`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slim-command-lines-'));
  await symlink(fixtureImage('cloud-script'), join(folder, 'image.tar'));
  await writeFile(join(folder, 'slim-exec.sh'), SETUP + PROBES);
  await writeFile(join(folder, 'slim-exec-venv.sh'), `AZ=/venv/bin/az\nexport AZ\n${SETUP}${PROBES}$AZ --version\n`);
  await writeFile(join(folder, 'slim-paths.txt'), PATHS);
});

afterAll(() => rm(folder, { recursive: true }));

/** Runs a command line with the name of another program. */
async function runLine(line: string): Promise<{ status: number; stderr: string; report: Report }> {
  const argv = line.trim().split(/\s+/).slice(1);
  const running = startProgram([...argv, '--report', 'report.json'], { home: join(folder, 'state'), cwd: folder });
  const { status, stderr } = await running.ended;
  return { status, stderr, report: JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) };
}

const COMMON = '--target=docker-archive:image.tar';

describe("SlimToolkit's command lines", { timeout: 300_000 }, () => {
  test.each([
    [
      'named paths and programs',
      `docker-slim build --http-probe=false --continue-after=exec --include-shell --include-bin=/bin/bash
        --include-bin=/opt/azcopy/azcopy --include-bin=/usr/local/bin/az --include-path=/usr/local/lib/python3.10
        --include-path=/script.sh --exec-file=slim-exec.sh ${COMMON}`,
      ['/usr/local/lib/python3.10/site-packages/azure/unused/data.bin', '/opt/azcopy/azcopy'],
    ],
    [
      'a list of paths',
      `docker-slim --debug build --http-probe=false --continue-after=exec --include-shell
        --include-path-file=slim-paths.txt --exec-file=slim-exec.sh ${COMMON}`,
      ['/usr/local/bin/clean-up', '/usr/local/lib/python3.10/site-packages/azure/commands/disk.py'],
    ],
    [
      'a virtual environment',
      `docker-slim --report=off build --http-probe=false --continue-after=exec --include-shell --include-bin=/bin/bash
        --include-path=/script.sh --exec-file=slim-exec-venv.sh ${COMMON}`,
      ['/venv/bin/az', '/venv/bin/python3'],
    ],
  ])('with %s make an image that works and is several times smaller', async (_, line, kept) => {
    const { status, stderr, report } = await runLine(line);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(report.status).toBe('verified');
    expect(report.probes.map(({ probe, equal }) => [probe.split(' ')[0], equal])).toEqual([
      ['command', true],
      ['exec-file', true],
    ]);
    expect(report.reduction).toBeGreaterThan(4);
    expect(report.kept.map(({ path }) => path)).toEqual(expect.arrayContaining([...kept]));
    expect(traces(join(folder, 'state'))).toEqual(NO_TRACES);
  });

  test('change owners and modes of nothing but what is named', async () => {
    const line = `docker-slim build --http-probe=false --path-perms=/opt/azcopy/azcopy:500#7#8
      --include-path-file=slim-paths.txt --exec-file=slim-exec.sh ${COMMON} -o oci:permissions`;
    const { report } = await runLine(line);
    expect(report.permissions).toEqual([
      {
        path: '/opt/azcopy/azcopy',
        fat: { mode: 0o755, uid: 0, gid: 0 },
        slim: { mode: 0o500, uid: 7, gid: 8 },
      },
      { path: '/script.sh', fat: { mode: 0o755, uid: 0, gid: 0 }, slim: { mode: 0o755, uid: 1000, gid: 1000 } },
    ]);
    expect(report.status).toBe('verified');
  });

  test('say which flag cannot be had, and what to use instead, before anything is run', async () => {
    const { ended } = startProgram(['build', '--target=image.tar', '--obfuscate-metadata'], {
      home: join(folder, 'state'),
      cwd: folder,
    });
    expect(await ended).toMatchObject({ status: 2, stderr: expect.stringContaining('scanners must see the truth') });
  });
});
