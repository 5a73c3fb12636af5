import { expect, test } from 'vitest';
import { describeFailure } from '../../../src/cli/failure.ts';
import { Interruption } from '../../../src/cli/interruption.ts';
import { TraceSlimError } from '../../../src/errors.ts';
import { ProbesFailed } from '../../../src/probe/probes-failed.ts';
import { outcome } from '../../support/report.ts';

const PLAIN = { verbose: false, color: false };

function failureOf(
  thrown: unknown,
  done?: Parameters<typeof describeFailure>[2],
  signal = new AbortController().signal,
) {
  return describeFailure(thrown, { version: '1.2.3', signal }, done);
}

test('an expected failure is its message, its hint and the exit status of its code', () => {
  const failure = failureOf(new TraceSlimError('IMAGE_NOT_FOUND', 'no image x.tar', { hint: 'look again' }));
  expect(failure.exitStatus).toBe(7);
  expect(failure.text(PLAIN)).toBe('error: no image x.tar\nhint: look again');
  expect(failure.document).toEqual({
    schemaVersion: 1,
    tool: { name: 'trace-slim', version: '1.2.3' },
    status: 'error',
    exitStatus: 7,
    error: { code: 'IMAGE_NOT_FOUND', message: 'no image x.tar', hint: 'look again', context: {} },
    source: null,
    probes: [],
    failedProbes: [],
  });
});

test('facts are shown with --verbose', () => {
  const failure = failureOf(new TraceSlimError('TOOL_MISSING', 'no strace', { context: { path: '/usr/bin' } }));
  expect(failure.text({ ...PLAIN, verbose: true })).toBe('error: no strace\n  path: /usr/bin');
});

test('what the application printed last stands between the message and the hint', () => {
  const context = { exitStatus: 1, log: 'starting\nno \u001b[31mconfig' };
  const failure = failureOf(new TraceSlimError('APPLICATION_DIED', 'it ended', { hint: 'mend it', context }));
  const text = 'error: it ended\nit printed last:\n  starting\n  no \\x1b[31mconfig\nhint: mend it';
  expect(failure.text(PLAIN)).toBe(text);
  expect(failure.text({ ...PLAIN, verbose: true })).toBe(`${text}\n  exitStatus: 1`);
});

test('what went wrong first is told when cleaning up went wrong too', () => {
  const first = new TraceSlimError('ENGINE_UNAVAILABLE', 'the daemon is gone');
  const both = Object.assign(new Error(), { error: new Error('cannot remove'), suppressed: first });
  const again = Object.assign(new Error(), { error: new Error('cannot unmount'), suppressed: both });
  expect(failureOf(again)).toMatchObject({
    exitStatus: 6,
    document: { error: { message: 'the daemon is gone' } },
  });
});

test('a full disk is a failure of the host, not a bug', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  expect(failureOf(full)).toMatchObject({ exitStatus: 6, document: { error: { code: 'DISK_FULL' } } });
});

test('anything else is a bug, whose stack is shown only with --verbose', () => {
  const failure = failureOf(new TypeError('x is not a function'));
  expect(failure.exitStatus).toBe(1);
  expect(failure.text(PLAIN)).toBe(
    'error: x is not a function\nhint: this is a bug of trace-slim; run again with -v and report what is printed',
  );
  expect(failure.text({ ...PLAIN, verbose: true })).toContain('failure.test.ts');
});

test('control characters in a message cannot drive the terminal', () => {
  expect(failureOf(new TraceSlimError('IMAGE_INVALID', 'bad \u001b[2J')).text(PLAIN)).toBe('error: bad \\x1b[2J');
});

test('failed probes stand among what was found, also those that failed only where nobody was told', () => {
  const row = { slim: null, equal: null, differences: [] };
  const probes = [
    { ...row, probe: 'a', fat: outcome('a', 'exit 0', 1) },
    { ...row, probe: 'b', fat: outcome('b', 'exit 0', 1) },
  ];
  const failed = [outcome('b', 'exit 1', 2), outcome('c', 'refused', 3)];
  const { document } = failureOf(new ProbesFailed(failed, ''), { source: 'x.tar', probes });
  expect(document).toMatchObject({ source: 'x.tar', failedProbes: ['b', 'c'] });
  const found = document?.probes.map(({ probe, fat, slim }) => [probe, fat.summary, slim]);
  expect(found).toEqual([
    ['a', 'exit 0', null],
    ['b', 'exit 1', null],
    ['c', 'refused', null],
  ]);
});

test('a signal is what ended the run, whatever it made fail; there is nothing more to say of it', () => {
  const controller = new AbortController();
  controller.abort(new Interruption('SIGINT'));
  const failure = failureOf(new DOMException('aborted', 'AbortError'), undefined, controller.signal);
  expect(failure.text(PLAIN)).toBe('');
  expect(failure.document).toMatchObject({
    exitStatus: 130,
    error: { code: 'INTERRUPTED', message: 'stopped by SIGINT' },
  });
  const late = failureOf(new TraceSlimError('DISK_FULL', 'the disk is full'), undefined, controller.signal);
  expect(late).toMatchObject({ exitStatus: 130, document: { exitStatus: 130, error: { code: 'DISK_FULL' } } });
  expect(late.text(PLAIN)).toBe('error: the disk is full');
});
