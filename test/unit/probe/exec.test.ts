import { describe, expect, it } from 'vitest';
import { TraceSlimError } from '../../../src/errors.ts';
import { execProbe, type TraceWrapper } from '../../../src/probe/exec.ts';
import { type ImagePrograms, scriptProgram, shellProgram } from '../../../src/probe/shell.ts';
import { type FakeContainerOptions, fakeContainer } from '../../support/fake-container.ts';

const trace: TraceWrapper = (toolkit, command, { user = 'x' }) => [toolkit.strace, user, '--', ...command];
const signal = new AbortController().signal;
const programs = (...found: string[]): ImagePrograms => ({
  find: (program) => found.find((path) => path === program || path.endsWith(`/${program}`)),
});
const fullImage = programs('/bin/sh', '/bin/bash', '/usr/bin/python3');

async function run(program: ReturnType<typeof shellProgram>, options: FakeContainerOptions = {}, timeoutMs?: number) {
  const container = fakeContainer(options);
  const probe = execProbe({ id: 'exec x', program, trace, ...(timeoutMs !== undefined && { timeoutMs }) });
  const [outcome] = await probe.run(container, { signal });
  return { outcome, call: container.execs[0] };
}

describe('an exec probe', () => {
  it('runs the line in the image’s own shell, under the tracer', async () => {
    const { call } = await run(shellProgram('az --version', fullImage));
    expect(call?.command).toEqual(['/.toolkit/strace', 'x', '--', '/bin/sh', '-c', 'az --version']);
  });

  it('runs the line in the toolkit’s shell when the image has none', async () => {
    const { call } = await run(shellProgram('id', programs()));
    const shell = ['/.toolkit/ld.so', '--library-path', '/.toolkit/lib', '/.toolkit/sh'];
    expect(call?.command).toEqual(['/.toolkit/strace', 'x', '--', ...shell, '-c', 'id']);
  });

  it('takes any exit status for an outcome', async () => {
    const { outcome } = await run(shellProgram('nosuch', fullImage), {
      exec: () => ({ exitStatus: 127, stderr: Buffer.from('sh: 1: nosuch: not found\n') }),
    });
    expect(outcome).toMatchObject({ probe: 'exec x', ok: true, summary: 'exit 127' });
    expect(outcome?.facts).toEqual([
      { name: 'exit status', value: '127', compare: 'exact' },
      { name: 'stdout', value: '', compare: 'text' },
      { name: 'stderr', value: 'sh: 1: nosuch: not found\n', compare: 'text' },
    ]);
  });

  it('keeps output as bytes', async () => {
    const { outcome } = await run(shellProgram('x', fullImage), {
      exec: () => ({ stdout: Buffer.from([0xff, 0xc3, 0xa9]) }),
    });
    expect(outcome?.facts[1]?.value).toBe('\xff\xc3\xa9');
  });

  it.each([
    ["strace: Can't stat '/bin/sh': No such file or directory\n", 1],
    ['/.toolkit/strace: exec: Permission denied\n', 1],
    ['gate: 8: exec: /srv/healthcheck: not found\n', 127],
    ['exec failed: unable to start container process: exec: "/bin/sh": stat /bin/sh: no such file or directory', 255],
  ])('is not ok when the program cannot be started: %s', async (stderr, exitStatus) => {
    const { outcome } = await run(shellProgram('x', fullImage), {
      exec: () => ({ exitStatus, stderr: Buffer.from(stderr) }),
    });
    expect(outcome?.ok).toBe(false);
    expect(outcome?.summary).toMatch(/^could not be run: /);
  });

  it('runs as the user and in the directory that are given', async () => {
    const program = { ...shellProgram('id', fullImage), user: 'www-data', workingDirectory: '/srv' };
    const { call } = await run(program);
    expect(call).toMatchObject({ user: 'www-data', workingDirectory: '/srv' });
    expect(call?.command.slice(0, 2)).toEqual(['/.toolkit/strace', 'www-data']);
  });

  it('is not ok when the image does not know its user', async () => {
    const exec = () => Promise.reject(new TraceSlimError('USER_NOT_FOUND', 'the image has no user named x to run as'));
    const { outcome } = await run({ ...shellProgram('id', fullImage), user: 'x' }, { exec });
    expect(outcome).toMatchObject({
      ok: false,
      summary: expect.stringMatching(/^could not be run: .* x .* a number$/),
    });
  });

  const runcSays = 'chdir to cwd ("/a b") set in config.json failed: no such file or directory';
  const crunSays = 'crun: chdir to `/a b`: No such file or directory';
  it.each([
    ['runc', () => Promise.reject(new TraceSlimError('ENGINE_FAILED', `exec failed: ${runcSays}`))],
    ['Docker', () => ({ exitStatus: 126, stdout: Buffer.from(`OCI runtime exec failed: ${runcSays}: unknown\r\n`) })],
    ['Podman', () => ({ exitStatus: 127, stderr: Buffer.from(`Error: runc: ${runcSays}: OCI\nError: read: reset\n`) })],
    ['crun', () => ({ exitStatus: 255, stderr: Buffer.from(crunSays) })],
  ])('is not ok when its directory cannot be entered, as %s says it', async (_, exec) => {
    const { outcome } = await run({ ...shellProgram('id', fullImage), workingDirectory: '/a b' }, { exec });
    expect(outcome).toMatchObject({
      ok: false,
      summary: 'could not be run: its working directory /a b: no such file or directory',
    });
  });

  it('is not ok when the program does not end in time', async () => {
    const { outcome } = await run(shellProgram('sleep 99', fullImage), { exec: untilAborted }, 20);
    expect(outcome).toMatchObject({ ok: false, summary: 'no result within 0.02 s' });
  });

  it('rejects with the reason when it is aborted', async () => {
    const controller = new AbortController();
    const probe = execProbe({ id: 'x', program: shellProgram('x', fullImage), trace });
    const running = probe.run(fakeContainer({ exec: untilAborted }), { signal: controller.signal });
    controller.abort(new Error('stopped by the user'));
    await expect(running).rejects.toThrow('stopped by the user');
  });

  it('lets failures of the engine through', async () => {
    const exec = () => Promise.reject(new Error('the engine is gone'));
    await expect(run(shellProgram('x', fullImage), { exec })).rejects.toThrow('the engine is gone');
  });
});

describe('a script', () => {
  it.each([
    ['echo hi\n', ['/bin/sh', '-s']],
    ['#!/bin/bash -eu\n', ['/bin/bash', '-eu', '-s']],
    ['#!/usr/bin/env python3\nprint(1)', ['/usr/bin/python3', '-']],
    ['#! /usr/bin/env -S bash -e\r\n', ['/bin/bash', '-e', '-s']],
    ['#!/usr/bin/perl\n', ['/bin/sh', '-s']],
    ['#!/usr/bin/awk -f\n', ['/bin/sh', '-s']],
    ['#!\n', ['/bin/sh', '-s']],
    ['', ['/bin/sh', '-s']],
  ])('%j is streamed into %j', async (content, expected) => {
    const { call } = await run(scriptProgram(Buffer.from(content), fullImage));
    expect(call?.command.slice(3)).toEqual(expected);
    expect(call?.stdin).toBe(content);
  });
});

function untilAborted({ signal }: { signal: AbortSignal }): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}
