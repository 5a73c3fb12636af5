import { expect, test } from 'vitest';
import { describeFailure } from '../../../src/cli/failure.ts';
import { TraceSlimError } from '../../../src/errors.ts';

const PLAIN = { verbose: false, color: false };

test('an expected failure is its message, its hint and the exit status of its code', () => {
  const failure = describeFailure(new TraceSlimError('IMAGE_NOT_FOUND', 'no image x.tar', { hint: 'look again' }));
  expect(failure.exitStatus).toBe(7);
  expect(failure.text(PLAIN)).toBe('error: no image x.tar\nhint: look again');
  expect(failure.document).toEqual({
    error: { code: 'IMAGE_NOT_FOUND', message: 'no image x.tar', hint: 'look again', context: {} },
  });
});

test('facts are shown with --verbose', () => {
  const failure = describeFailure(new TraceSlimError('TOOL_MISSING', 'no strace', { context: { path: '/usr/bin' } }));
  expect(failure.text({ ...PLAIN, verbose: true })).toBe('error: no strace\n  path: /usr/bin');
});

test('what the application printed last stands between the message and the hint', () => {
  const context = { exitStatus: 1, log: 'starting\nno \u001b[31mconfig' };
  const failure = describeFailure(new TraceSlimError('APPLICATION_DIED', 'it ended', { hint: 'mend it', context }));
  const text = 'error: it ended\nit printed last:\n  starting\n  no \\x1b[31mconfig\nhint: mend it';
  expect(failure.text(PLAIN)).toBe(text);
  expect(failure.text({ ...PLAIN, verbose: true })).toBe(`${text}\n  exitStatus: 1`);
});

test('what went wrong first is told when cleaning up went wrong too', () => {
  const first = new TraceSlimError('ENGINE_UNAVAILABLE', 'the daemon is gone');
  const both = Object.assign(new Error(), { error: new Error('cannot remove'), suppressed: first });
  const again = Object.assign(new Error(), { error: new Error('cannot unmount'), suppressed: both });
  expect(describeFailure(again)).toMatchObject({
    exitStatus: 6,
    document: { error: { message: 'the daemon is gone' } },
  });
});

test('a full disk is a failure of the host, not a bug', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  expect(describeFailure(full)).toMatchObject({ exitStatus: 6, document: { error: { code: 'DISK_FULL' } } });
});

test('anything else is a bug, whose stack is shown only with --verbose', () => {
  const failure = describeFailure(new TypeError('x is not a function'));
  expect(failure.exitStatus).toBe(1);
  expect(failure.text(PLAIN)).toBe(
    'error: x is not a function\nhint: this is a bug of trace-slim; run again with -v and report what is printed',
  );
  expect(failure.text({ ...PLAIN, verbose: true })).toContain('failure.test.ts');
});

test('control characters in a message cannot drive the terminal', () => {
  expect(describeFailure(new TraceSlimError('IMAGE_INVALID', 'bad \u001b[2J')).text(PLAIN)).toBe('error: bad \\x1b[2J');
});
