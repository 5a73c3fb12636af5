import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { waitForUser } from '../../../src/cli/user-signal.ts';

test('enter is a line on standard input', async () => {
  const stdin = new PassThrough();
  const waiting = waitForUser('enter', { stdin, signal: new AbortController().signal });
  stdin.write('\n');
  await expect(waiting).resolves.toBeUndefined();
  expect(stdin.isPaused()).toBe(true);
});

test('input that ends without a line is an error, not an endless wait', async () => {
  const stdin = new PassThrough();
  stdin.end();
  await expect(waitForUser('enter', { stdin, signal: new AbortController().signal })).rejects.toMatchObject({
    code: 'USAGE_INVALID',
  });
});

test('SIGUSR1 is the signal', async () => {
  const waiting = waitForUser('signal', { stdin: new PassThrough(), signal: new AbortController().signal });
  process.emit('SIGUSR1');
  await expect(waiting).resolves.toBeUndefined();
  expect(process.listenerCount('SIGUSR1')).toBe(0);
});

test.each(['enter', 'signal'] as const)('waiting for %s ends when the run is aborted', async (kind) => {
  const controller = new AbortController();
  const waiting = waitForUser(kind, { stdin: new PassThrough(), signal: controller.signal });
  controller.abort(new Error('stopped'));
  await expect(waiting).rejects.toThrow('stopped');
});
