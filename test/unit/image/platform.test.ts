import { expect, test } from 'vitest';
import { checkRunnable, parsePlatform } from '../../../src/image/platform.ts';

test.each([
  ['linux/amd64', { os: 'linux', architecture: 'amd64' }],
  ['linux/arm64/v8', { os: 'linux', architecture: 'arm64', variant: 'v8' }],
  ['linux', undefined],
  ['linux/amd64/v2/x', undefined],
])('%s is read as a platform', (text, platform) => {
  expect(parsePlatform(text)).toEqual(platform);
});

test('a machine runs its own architecture and what its processors run besides', () => {
  for (const architecture of ['amd64', '386']) {
    expect(() => checkRunnable('app', { os: 'linux', architecture }, 'amd64')).not.toThrow();
  }
  for (const [os, architecture] of [
    ['linux', 'arm64'],
    ['windows', 'amd64'],
  ] as const) {
    expect(() => checkRunnable('app', { os, architecture }, 'amd64')).toThrow(`app is for ${os}/${architecture}`);
  }
  expect(() => checkRunnable('app', { os: 'linux', architecture: '386' }, 'arm64')).toThrow('linux/arm64 is run here');
});
