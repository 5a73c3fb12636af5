import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../../../src/cli/program.ts';
import type { StarterSettings } from '../../../src/settings.ts';
import { temporaryDirectory } from '../../support/engine.ts';
import { fakeSession } from '../../support/session.ts';

/** A session in which every image gets the same probe file. */
function initSession() {
  const asked: StarterSettings[] = [];
  const session = fakeSession({
    starterProbes: async (settings) => {
      asked.push(settings);
      return 'version: 1\nprobes: []\n';
    },
  });
  return { session, asked };
}

test('init prints a probe file for an image as it is asked to be run', async () => {
  const { session, asked } = initSession();
  await runProgram(['init', 'x.tar', '--cmd', 'serve', '--ready-timeout', '5s'], session);
  expect(session.printed.stdout).toBe('version: 1\nprobes: []\n');
  expect(asked).toMatchObject([
    { source: 'x.tar', run: { config: { Cmd: ['serve'] } }, probes: { ready: { timeoutMs: 5000 } } },
  ]);
});

test('init writes a file and prints its name', async () => {
  using folder = temporaryDirectory();
  const file = join(folder.path, 'probes.yaml');
  const { session } = initSession();
  await runProgram(['init', 'x.tar', '-o', file], session);
  expect(session.printed.stdout).toBe(`${file}\n`);
  expect(readFileSync(file, 'utf8')).toBe('version: 1\nprobes: []\n');
});

test('init overwrites no file unless told to, and does not run the image for it', async () => {
  using folder = temporaryDirectory();
  const file = join(folder.path, 'probes.yaml');
  writeFileSync(file, 'mine');
  const { session, asked } = initSession();
  await expect(runProgram(['init', 'x.tar', '-o', file], session)).rejects.toMatchObject({
    code: 'USAGE_INVALID',
    hint: expect.stringContaining('--force'),
  });
  expect({ asked, kept: readFileSync(file, 'utf8') }).toEqual({ asked: [], kept: 'mine' });
  await runProgram(['init', 'x.tar', '-o', file, '--force'], session);
  expect(readFileSync(file, 'utf8')).toBe('version: 1\nprobes: []\n');
});

test('init says when the file cannot be written', async () => {
  const { session } = initSession();
  await expect(runProgram(['init', 'x.tar', '-o', '/nowhere/probes.yaml'], session)).rejects.toMatchObject({
    code: 'USAGE_INVALID',
    message: 'cannot write /nowhere/probes.yaml (ENOENT)',
  });
});
