import { expect, test } from 'vitest';
import { signalNumber } from '../../../../src/engine/host/signals.ts';

test.each([
  [undefined, 15],
  ['', 15],
  ['SIGQUIT', 3],
  ['quit', 3],
  ['9', 9],
  ['SIGRTMIN+3', 37],
  ['RTMAX-1', 63],
  ['SIGNONSENSE', 15],
])('STOPSIGNAL %s is signal %i', (name, number) => {
  expect(signalNumber(name)).toBe(number);
});
