import type { Container } from 'dockerode';
import { expect, test } from 'vitest';
import { wasOutOfMemory } from '../../../../src/engine/docker/exit-status.ts';

/** A container whose state is one of these after another; the last one stays. */
function container(...states: ({ OOMKilled: boolean; Status: string } | undefined)[]): Container {
  const inspect = async () => {
    const State = states.length > 1 ? states.shift() : states[0];
    if (State) return { State };
    throw Object.assign(new Error('no such container'), { statusCode: 404 });
  };
  return { inspect } as unknown as Container;
}

const exited = { OOMKilled: false, Status: 'exited' };

test('a lack of memory is what the daemon says of it', async () => {
  expect(await wasOutOfMemory(container({ OOMKilled: true, Status: 'exited' }), 137)).toBe(true);
  expect(await wasOutOfMemory(container(exited), 137)).toBe(false);
  expect(await wasOutOfMemory(container(exited), 1)).toBe(false);
});

test.each([
  ['is gone', container(exited, undefined)],
  ['is on its way out', container(exited, { OOMKilled: false, Status: 'removing' })],
])('a container that was killed and %s a moment later was removed by somebody', async (_, removed) => {
  await expect(wasOutOfMemory(removed, 137)).rejects.toMatchObject({
    code: 'ENGINE_FAILED',
    message: /somebody else has removed/,
  });
});
