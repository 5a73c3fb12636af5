import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { ToolkitPaths } from '../../../src/engine/types.ts';
import { poll } from '../../../src/probe/poll.ts';
import { gatedCommand, gateFiles, namesLostBehindGate } from '../../../src/trace/gate.ts';
import { temporaryDirectory } from '../../support/engine.ts';
import { fakeContainer } from '../../support/fake-container.ts';

const run = promisify(execFile);
const { signal } = new AbortController();

/** The programs of this host, where the toolkit would be. */
function hostToolkit(logs: string): ToolkitPaths {
  return { ...fakeContainer().toolkit, launcher: ['/usr/bin/env'], sh: 'sh', sleep: 'sleep', logs };
}

async function passGate(command: readonly string[], environment: Record<string, string>): Promise<string> {
  using folder = temporaryDirectory();
  const env = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const [program = '', ...args] = gatedCommand(hostToolkit(folder.path), 'main', command, env);
  const running = run(program, args, { env: environment });
  const request = join(folder.path, gateFiles.request('main'));
  const pid = await poll(async () => (existsSync(request) && readFileSync(request, 'utf8')) || undefined, {
    timeoutMs: 10_000,
    signal,
  });
  expect(Number(pid)).toBe(running.child.pid);
  writeFileSync(join(folder.path, gateFiles.opened('main')), 'opened\n');
  return (await running).stdout;
}

describe('a gate', () => {
  const PATH = process.env.PATH ?? '';

  it('becomes the command once it is opened, with its words as they are', async () => {
    const words = ['a b', "it's", '$HOME', '', '*'];
    expect(await passGate(['printf', '[%s]', ...words], { PATH })).toBe("[a b][it's][$HOME][][*]");
  });

  it('leaves nothing of its own in the environment', async () => {
    expect((await passGate(['env'], { PATH, A: '1' })).trimEnd().split('\n').sort()).toEqual(['A=1', `PATH=${PATH}`]);
  });

  it('leaves PWD to those who are given one', async () => {
    expect(await passGate(['env'], { PATH, PWD: process.cwd() })).toContain(`PWD=${process.cwd()}\n`);
  });
});

describe('namesLostBehindGate', () => {
  it('names what is no name for a shell', () => {
    expect(namesLostBehindGate(['A=1', 'discovery.type=single-node', '_b2=', '2x=1'])).toEqual([
      'discovery.type',
      '2x',
    ]);
  });
});
