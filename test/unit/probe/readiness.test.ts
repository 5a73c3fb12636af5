import { describe, expect, it } from 'vitest';
import { healthcheckProbe, healthcheckReady } from '../../../src/probe/healthcheck.ts';
import { type ReadyConditions, waitReady } from '../../../src/probe/readiness.ts';
import { shellProgram } from '../../../src/probe/shell.ts';
import { execResult, fakeContainer } from '../../support/fake-container.ts';

const signal = new AbortController().signal;
const NONE = { required: [], optionalPorts: [], checks: [] };
const programs = {
  find: (program: string) => (program === '/bin/sh' || program === '/bin/bash' ? program : undefined),
};
const trace = (_: unknown, command: readonly string[]) => command;

/** Ports that open after so many looks at them. */
function opening(looks: Readonly<Record<number, number>>) {
  const seen: Record<number, number> = {};
  return (port: number) => {
    seen[port] = (seen[port] ?? 0) + 1;
    return seen[port] > (looks[port] ?? Number.POSITIVE_INFINITY);
  };
}

function wait(given: Partial<ReadyConditions>, container = fakeContainer()) {
  return waitReady(container, { ...NONE, timeoutMs: 5000, ...given, signal });
}

describe('readiness', () => {
  it('is given at once when nothing is waited for', async () => {
    expect(await wait({})).toEqual({ state: 'ready', listening: [] });
  });

  it('waits for every required port', async () => {
    const container = fakeContainer({ isListening: opening({ 80: 0, 443: 4 }) });
    expect(await wait({ required: [80, 443] }, container)).toMatchObject({
      listening: [80, 443],
    });
  });

  it('skips optional ports that do not open soon after the first one', async () => {
    const container = fakeContainer({ isListening: opening({ 80: 1, 8080: 3 }) });
    const ready = await wait({ optionalPorts: [80, 443, 8080], timeoutMs: 60_000 }, container);
    expect(ready).toEqual({ state: 'ready', listening: [80, 8080] });
  });

  it('ends when the container does', async () => {
    const result = execResult({ exitStatus: 3 });
    const container = fakeContainer({ isListening: () => false, result: () => result });
    expect(await wait({ required: [80] }, container)).toEqual({ state: 'ended', result, listening: [] });
    expect(await wait({}, container)).toMatchObject({ state: 'ended' });
  });

  it('fails when a required port stays closed, with what the application printed last', async () => {
    const output = `${Array.from({ length: 30 }, (_, at) => `line ${at}`).join('\n')}\nfatal: no datébase\n`;
    const container = fakeContainer({ isListening: (port) => port === 80, output });
    const log = expect.stringMatching(/^line 11\n(?:.*\n)*fatal: no datébase$/);
    await expect(wait({ required: [80, 81], timeoutMs: 30 }, container)).rejects.toMatchObject({
      code: 'PORT_NEVER_OPENED',
      message: 'port 81 never opened within 0.03 s',
      context: { ports: [81], log },
    });
  });

  it('names a socket that never appears, and says nothing of ports', async () => {
    const container = fakeContainer({ isListening: () => false });
    await expect(wait({ required: ['/run/app.sock'], timeoutMs: 30 }, container)).rejects.toMatchObject({
      message: 'unix:/run/app.sock never opened within 0.03 s',
      hint: expect.not.stringContaining('port'),
    });
  });

  it('fails when none of the optional ports opens', async () => {
    const container = fakeContainer({ isListening: () => false });
    await expect(wait({ optionalPorts: [80, 81], timeoutMs: 30 }, container)).rejects.toMatchObject({
      message: 'none of the exposed ports 80, 81 was opened within 0.03 s',
    });
    await expect(wait({ optionalPorts: [80], timeoutMs: 30 }, container)).rejects.toThrow('port 80 never opened');
  });

  it('asks a command until it exits 0', async () => {
    let tries = 0;
    const container = fakeContainer({ exec: () => ({ exitStatus: ++tries < 3 ? 1 : 0 }) });
    const check = { name: '`is-up`', program: shellProgram('is-up', programs), timeoutMs: 1000, trace };
    expect(await wait({ checks: [check] }, container)).toMatchObject({ state: 'ready' });
    expect(container.execs.map(({ command }) => command)).toEqual(Array(3).fill(['/bin/sh', '-c', 'is-up']));
    const never = fakeContainer({ exec: () => ({ exitStatus: 1 }) });
    await expect(wait({ checks: [check], timeoutMs: 30 }, never)).rejects.toMatchObject({
      code: 'NOT_READY',
      message: 'not ready within 0.03 s according to `is-up`',
    });
  });

  it('rejects with the reason when it is aborted', async () => {
    const controller = new AbortController();
    const container = fakeContainer({ isListening: () => false });
    const options = { ...NONE, required: [80], timeoutMs: 60_000, signal: controller.signal };
    const waiting = waitReady(container, options);
    controller.abort(new Error('stopped by the user'));
    await expect(waiting).rejects.toThrow('stopped by the user');
  });
});

describe('the HEALTHCHECK', () => {
  const withCheck = (Test: string[], more: object = {}) => ({
    config: { Healthcheck: { Test }, ...more },
    programs,
    trace,
  });

  it.each<[string[], object, string[]]>([
    [['CMD', 'curl', '-f', 'localhost'], {}, ['curl', '-f', 'localhost']],
    [['CMD-SHELL', 'curl -f localhost || exit 1'], {}, ['/bin/sh', '-c', 'curl -f localhost || exit 1']],
    [['CMD-SHELL', 'x'], { Shell: ['/bin/bash', '-ec'] }, ['/bin/bash', '-ec', 'x']],
    [['CMD-SHELL', 'x'], { Shell: ['/bin/gone', '-c'] }, ['/bin/sh', '-c', 'x']],
  ])('%j is run as a probe', async (test, more, command) => {
    const container = fakeContainer({ exec: () => 'healthy\n' });
    const [outcome] = (await healthcheckProbe(withCheck(test, more))?.run(container, { signal })) ?? [];
    expect(outcome).toMatchObject({ probe: 'healthcheck', ok: true, summary: 'exit 0' });
    expect(container.execs.map((exec) => exec.command)).toEqual([command]);
  });

  it.each([[['NONE']], [[]], [['CMD']]])('%j is none', (test) => {
    expect(healthcheckProbe(withCheck(test))).toBeUndefined();
    expect(healthcheckReady(withCheck(test))).toBeUndefined();
    expect(healthcheckProbe({ config: {}, programs, trace })).toBeUndefined();
  });

  it('is tried again while it is unhealthy', async () => {
    let tries = 0;
    const container = fakeContainer({ exec: () => ({ exitStatus: ++tries < 5 ? 1 : 0 }) });
    const [outcome] = (await healthcheckProbe(withCheck(['CMD', 'x']))?.run(container, { signal })) ?? [];
    expect(outcome).toMatchObject({ ok: true, summary: 'exit 0' });
  });

  it('is not ok when it stays unhealthy or the container ends', async () => {
    const container = fakeContainer({ exec: () => ({ exitStatus: 1 }), result: () => execResult({}) });
    const [outcome] = (await healthcheckProbe(withCheck(['CMD', 'x']))?.run(container, { signal })) ?? [];
    expect(outcome).toMatchObject({ ok: false, summary: 'exit 1' });
    expect(container.execs).toHaveLength(1);
  });

  it('has its own timeout for each try', () => {
    const config = { Healthcheck: { Test: ['CMD', 'x'], Timeout: 5_000_000_000 } };
    expect(healthcheckReady({ config, programs, trace })?.timeoutMs).toBe(5000);
  });
});
