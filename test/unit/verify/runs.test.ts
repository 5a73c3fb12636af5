import { describe, expect, it } from 'vitest';
import { patternOfRuns } from '../../../src/verify/runs.ts';

const fits = (fat: readonly string[], slim: string) => patternOfRuns(fat, { fat: [], slim: undefined }).fits(slim);

describe('patternOfRuns', () => {
  it('lets any two of several runs account for a text', () => {
    expect(fits(['up 3\n', 'up 3\n'], 'up 4\n')).toBe(false);
    expect(fits(['up 3\n', 'up 3\n', 'up 5\n'], 'up 4\n')).toBe(true);
  });

  it('lets other runs account for each line where all have equally many', () => {
    const runs = ['conns 1\nops 0\nok', 'conns 2\nops 0\nok', 'conns 2\nops 7\nok'];
    expect(fits(runs, 'conns 9\nops 3\nok')).toBe(true);
    expect(fits(runs, 'conns 9\nops 3\nfailed')).toBe(false);
    expect(fits(runs, 'conns 9\nops 3')).toBe(false);
  });
});

describe('what differs by chance', () => {
  it.each([
    [
      'lines in another order, each with an ID',
      'a 1f2e\nb 77c0\nend',
      'b 9e1d\nend\na 0c4d',
      'end\na 5d5d\nb 6e6e',
      'end\na 5d5d\nc 6e6e',
    ],
    [
      'a varying number of lines',
      'go\npoll 0\npoll 1\nend',
      'go\npoll 0\npoll 1\npoll 2\nend',
      'go\npoll 0\nend',
      'go\nend',
    ],
    ['MAC addresses', 'mac 02:42:65:11:c7:1a', 'mac 02:42:83:0f:fe:0a', 'mac 02:42:ae:45:ea:50', 'mac none'],
    ['names of pods', 'web-2415af9dd-xmqxt', 'web-dd7a3468b-sjkxd', 'web-6f0f7a69d-afhyd', 'web-error'],
    ['entity tags', 'W/"9ad2-17b0040d6f"', 'W/"1fae-fbd21bad00"', 'W/"ceba-7b43d1f7f8"', 'W/""'],
    [
      'base64',
      'tok VxGPkmz1j+oJ7xWUYSp0Mw== end',
      'tok p3sCt3c4VEUnTTQ9umGO0g== end',
      'tok OJXA/ufSne/3Da47No+ONw== end',
      'tok NONE end',
    ],
    [
      'UUIDs',
      'id cbb3825d-27f3-4651-b89b-3d5969c9032c',
      'id 978600ea-da39-4b3a-856e-983f48faaaa4',
      'id a6cd90b6-d327-4411-801a-d5958e0a48be',
      'id 0',
    ],
    ['hexadecimal IDs', 'id 4d8d337ab8cd8b90', 'id 0c946aa325d5381d', 'id 6bb1ece16c0e2d14', 'id 1'],
  ])('%s may differ, and nothing else', (_, a, b, slim, other) => {
    expect(fits([a, b], slim)).toBe(true);
    expect(fits([a, b], other)).toBe(false);
  });
});
