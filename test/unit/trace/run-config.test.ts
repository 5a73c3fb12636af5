import { expect, test } from 'vitest';
import { PLAIN_CONTAINER } from '../../../src/settings.ts';
import { runConfig } from '../../../src/trace/run-config.ts';

const image = { Entrypoint: ['/entry'], Cmd: ['serve'], User: 'app' };
const run = (config: object) => ({ config, env: [], container: PLAIN_CONTAINER });

test("keeps the image's own configuration where nothing is overridden", () => {
  expect(runConfig(image, run({}))).toEqual(image);
});

test("drops the image's Cmd with its entrypoint, as docker run does", () => {
  expect(runConfig(image, run({ Entrypoint: ['/bin/sh'] }))).toEqual({ ...image, Entrypoint: ['/bin/sh'], Cmd: [] });
});

test('replaces Cmd alone, and both together', () => {
  expect(runConfig(image, run({ Cmd: ['migrate'] })).Entrypoint).toEqual(['/entry']);
  expect(runConfig(image, run({ Entrypoint: ['a'], Cmd: ['b'] }))).toMatchObject({ Entrypoint: ['a'], Cmd: ['b'] });
});

test("adds ports to the image's", () => {
  const { ExposedPorts } = runConfig({ ExposedPorts: { '80/tcp': {} } }, run({ ExposedPorts: { '81/tcp': {} } }));
  expect(Object.keys(ExposedPorts ?? {})).toEqual(['80/tcp', '81/tcp']);
});
