import { describe, expect, test } from 'vitest';
import { effectiveCommand, slimConfig } from '../../../src/image/config.ts';
import type { ImageConfig } from '../../../src/image/types.ts';

const digest = (digit: string) => `sha256:${digit.repeat(64)}` as const;
const options = {
  layers: [{ diffId: digest('a') }],
  created: '2020-01-01T00:00:00.000Z',
  version: '1.2.3',
  baseDigest: digest('b'),
  baseName: 'nginx:latest',
};

describe('slimConfig', () => {
  const fat: ImageConfig = {
    architecture: 'arm64',
    variant: 'v8',
    os: 'linux',
    created: '2019-01-01T00:00:00Z',
    'moby.unknown': { a: 1 },
    config: { Env: ['A=1'], Cmd: null, Labels: { own: 'x' }, Unknown: [1] },
    rootfs: { type: 'layers', diff_ids: [digest('1'), digest('2')] },
    history: [{ created_by: 'one' }, { created_by: 'two', empty_layer: true }],
  };

  test('keeps everything and replaces what the new layer changes', () => {
    expect(slimConfig(fat, options)).toEqual({
      ...fat,
      created: options.created,
      config: {
        ...fat.config,
        Labels: {
          own: 'x',
          'org.opencontainers.image.base.digest': options.baseDigest,
          'org.opencontainers.image.base.name': 'nginx:latest',
        },
      },
      rootfs: { type: 'layers', diff_ids: [digest('a')] },
      history: [
        { created_by: 'one', empty_layer: true },
        { created_by: 'two', empty_layer: true },
        { created: options.created, created_by: 'trace-slim build', comment: 'trace-slim 1.2.3' },
      ],
    });
  });

  test('has one history entry with a layer for the one layer, whatever the fat image had', () => {
    const slim = slimConfig({ architecture: 'amd64', os: 'linux', rootfs: fat.rootfs }, { ...options, baseName: '' });
    expect(slim.history?.filter((entry) => !entry.empty_layer)).toHaveLength(1);
    expect(slim.config?.Labels).toEqual({ 'org.opencontainers.image.base.digest': options.baseDigest });
  });

  test('has the history entries of the layers that are left of the fat image', () => {
    const history = [{ created_by: 'one' }, { created_by: 'two', empty_layer: true }, { created_by: 'three' }];
    const layers = [{ diffId: digest('a'), original: 1 }];
    expect(slimConfig({ ...fat, history }, { ...options, layers }).history).toEqual([
      { created_by: 'one', empty_layer: true },
      { created_by: 'two', empty_layer: true },
      { created_by: 'three' },
      { created: options.created, created_by: 'trace-slim build', comment: 'trace-slim 1.2.3', empty_layer: true },
    ]);
  });

  test('has a history entry for each layer also where the fat history does not account for its layers', () => {
    const layers = [
      { diffId: digest('a'), original: 0 },
      { diffId: digest('b'), original: 1 },
    ];
    const { history, rootfs } = slimConfig(fat, { ...options, layers });
    expect(rootfs.diff_ids).toEqual([digest('a'), digest('b')]);
    expect(history?.filter((entry) => !entry.empty_layer)).toHaveLength(2);
  });

  test('leaves the fat configuration alone', () => {
    const before = structuredClone(fat);
    slimConfig(fat, options);
    expect(fat).toEqual(before);
  });
});

test('effectiveCommand is Entrypoint followed by Cmd', () => {
  expect(effectiveCommand({ Entrypoint: ['/entry', 'x'], Cmd: ['y'] })).toEqual(['/entry', 'x', 'y']);
  expect(effectiveCommand({ Entrypoint: null, Cmd: ['y'] })).toEqual(['y']);
  expect(effectiveCommand({ Entrypoint: ['/entry'] })).toEqual(['/entry']);
  expect(effectiveCommand({})).toEqual([]);
});
