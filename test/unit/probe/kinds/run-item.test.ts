import { describe, expect, it } from 'vitest';
import type { ExecResult } from '../../../../src/engine/types.ts';
import type { Outcome } from '../../../../src/probe/types.ts';
import { execResult, type FakeContainerOptions, fakeContainer } from '../../../support/fake-container.ts';
import { probesOfText, runAll } from '../../../support/probe-files.ts';

async function outcomesOf(item: string, exec: NonNullable<FakeContainerOptions['exec']>): Promise<Outcome[]> {
  return runAll(await probesOfText(`probes: [${item}]`), fakeContainer({ exec }));
}

const printing = (stdout: string, result: Partial<ExecResult> = {}) => ({
  ...execResult(result),
  stdout: Buffer.from(stdout),
});

describe('a program of a probe file', () => {
  it.each([
    ['{ exec: a }', {}, true, 'exit 0'],
    ['{ exec: a }', { exitStatus: 3 }, false, 'exit 3'],
    ['{ exec: a, expect: { exit: 3 } }', { exitStatus: 3 }, true, 'exit 3'],
    [
      '{ exec: a, expect: { exit: [1, 2] } }',
      { exitStatus: 3 },
      false,
      'exit 3: exit status expected to be 1 or 2, is 3',
    ],
    ['{ exec: a, expect: { exit: 2 } }', { exitStatus: 255 }, false, 'exit 255: exit status expected to be 2, is 255'],
    ['{ exec: a, expect: { stdout: x } }', { exitStatus: 3, stdout: 'x' }, false, 'exit 3'],
    ['{ exec: a, expect: { stdout: x } }', { stdout: 'y' }, false, 'exit 0: stdout expected to contain "x", is "y"'],
    ['{ exec: a, expect: { stdout: { equals: "x y" } } }', { stdout: 'x y\n' }, true, 'exit 0'],
    ['{ exec: a, expect: { stdout: { matches: "^b$" } } }', { stdout: 'a\nb\n' }, true, 'exit 0'],
    [
      '{ exec: a, expect: { stdout: { lacks: warn } } }',
      { stdout: 'a warning' },
      false,
      'exit 0: stdout expected not to contain "warn", is "a warning"',
    ],
    ['{ exec: a, expect: failing }', { exitStatus: 3 }, true, 'exit 3, as expected'],
    ['{ exec: a, expect: failing }', {}, false, 'exit 0: expected to fail'],
  ])(
    '%s that gives %j',
    async (item, { stdout = '', ...result }: { stdout?: string; exitStatus?: number }, ok, summary) => {
      const [outcome] = await outcomesOf(item, () => printing(stdout, result));
      expect(outcome).toMatchObject({ ok, summary });
    },
  );

  it('is compared by whether it was as expected', async () => {
    const [outcome] = await outcomesOf('{ exec: a, expect: { stdout: x } }', () => 'x');
    expect(outcome?.facts).toContainEqual({ name: 'expect', value: 'met', compare: 'text' });
  });

  it('is tried again until it is as expected', async () => {
    let tries = 0;
    const [outcome] = await outcomesOf('{ exec: a, retry: 30s, expect: { stdout: "3" } }', () => String(++tries));
    expect([tries, outcome?.ok]).toEqual([3, true]);
  });

  it('does not hang in a pattern that its output makes endless', async () => {
    const item = '{ exec: a, expect: { stdout: { matches: "^(a+)+$" } } }';
    const [outcome] = await outcomesOf(item, () => printing(`${'a'.repeat(40)}!`));
    expect(outcome?.ok).toBe(false);
    expect(outcome?.summary).toContain('takes too long to be matched with ^(a+)+$');
  }, 20_000);

  it('is given up after its time', async () => {
    const [outcome] = await outcomesOf(
      '{ exec: a, timeout: 20ms }',
      ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    expect(outcome).toMatchObject({ ok: false, summary: 'no result within 0.02 s' });
  });

  it('gets its arguments, input and environment, and shell variables as they are', async () => {
    const variable = ['$', '{HOME}'].join('');
    const container = fakeContainer();
    const item = `{ exec: { command: [a, "${variable}"], stdin: in } }, { exec: "echo ${variable}" }`;
    await runAll(await probesOfText(`probes: [${item}]`), container);
    expect(container.execs.map(({ command, stdin }) => [command, stdin])).toEqual([
      [['a', variable], 'in'],
      [['/bin/sh', '-c', `echo ${variable}`], ''],
    ]);
  });

  it('has masks: whole facts are only shown, the others are told to who compares', async () => {
    const [outcome] = await outcomesOf('{ exec: a, mask: [stderr, /id=.*/, $.a] }', () => 'id=1');
    const compared = outcome?.facts.map(({ name, compare, masks }) => [name, compare, masks]);
    expect(compared).toEqual([
      ['exit status', 'exact', undefined],
      ['stdout', 'text', ['/id=.*/', '$.a']],
      ['stderr', 'shown', undefined],
    ]);
  });
});

describe('setup and teardown', () => {
  it('run around the probes, have to succeed and are not compared', async () => {
    const text = 'setup: [{ exec: a }]\nprobes: [{ exec: b }]\nteardown: [{ exec: c }]';
    const container = fakeContainer({
      exec: ({ command }) => printing('x', { exitStatus: command[2] === 'c' ? 1 : 0 }),
    });
    const outcomes = await runAll(await probesOfText(text), container);
    expect(outcomes.map(({ probe, ok, facts }) => [probe, ok, facts[0]?.value])).toEqual([
      ['setup: exec a', true, 'done'],
      ['exec b', true, '0'],
      ['teardown: exec c', false, 'failed'],
    ]);
    expect(outcomes[0]?.facts.slice(1).every(({ compare }) => compare === 'shown')).toBe(true);
  });
});

describe('the port of a probe', () => {
  it.each([
    ['probes: [{ http: / }]', ['80/tcp', '443/tcp'], [80]],
    ['defaults: { port: 9 }\nprobes: [{ http: / }]', ['80/tcp'], [9]],
    ['probes: [{ http: { port: 7 } }]', ['80/tcp'], [7]],
    ['probes: [{ http: { port: 7 }, expect: failing }]', [], []],
    ['probes: [{ redis: PING }, { fastcgi: { root: /srv } }]', ['80/tcp'], [6379, 9000]],
    [
      'defaults: { socket: /run/s }\nprobes: [{ redis: PING }, { fastcgi: { root: /srv } }]',
      ['80/tcp'],
      ['/run/s', '/run/s'],
    ],
  ])('of %j, where %j are exposed', async (text, exposed, ports) => {
    const config = { ExposedPorts: Object.fromEntries(exposed.map((port) => [port, {}])) };
    expect((await probesOfText(text, config)).flatMap((probe) => probe.listeners)).toEqual(ports);
  });

  it('has to be known', async () => {
    await expect(probesOfText('probes: [{ http: / }]', {})).rejects.toThrow(/:2:10: the http probe has no port/);
  });
});
