import { expect, test } from 'vitest';
import { notesOnEdits, notesOnOtherConfig } from '../../../src/build/edit-notes.ts';
import type { OpenedImage } from '../../../src/engine/types.ts';
import type { ConfigEdits, RunSettings } from '../../../src/settings.ts';
import { rootFsOf } from '../../support/rootfs-builder.ts';
import { NO_EDITS, plainRun } from '../../support/settings.ts';

const rootfs = rootFsOf({ '/bin/app': { content: 'x', mode: 0o755 }, '/bin/tool': { content: 'x', mode: 0o755 } });
const config = { config: { Entrypoint: ['/bin/app'], Env: ['A=1'] } };
const fat = { image: { config }, rootfs } as unknown as OpenedImage;

const notes = (edits: Partial<ConfigEdits>, run: RunSettings = plainRun) =>
  notesOnEdits(fat, { ...NO_EDITS, ...edits }, run);

test('nothing is said where nothing that matters to the application changes', () => {
  expect(notes({})).toEqual([]);
  expect(notes({ addLabels: { a: 'b' }, removePorts: ['80/tcp'] })).toEqual([]);
});

test('what no container was run with is named', () => {
  expect(notes({ set: { Entrypoint: ['tool'] }, addEnv: ['B=2'] })).toEqual([
    expect.stringMatching(/^Entrypoint, Env of the edited configuration were not tried/),
  ]);
});

test('what the images were run with needs no note', () => {
  const run = { ...plainRun, config: { Entrypoint: ['/bin/tool'] }, env: ['B=2'] };
  expect(notes({ overrides: ['Entrypoint', 'Env'] }, run)).toEqual([]);
  expect(notes({ set: { Entrypoint: ['/bin/tool'] } }, run)).toEqual([]);
});

test('a program that the image lacks is named', () => {
  expect(notes({ set: { Entrypoint: ['/bin/none'] } })).toContainEqual(
    'The edited configuration starts /bin/none, which the image does not have.',
  );
});

test('of two images it is said in what they are configured otherwise, where that matters to the application', () => {
  expect(
    notesOnOtherConfig({ Entrypoint: ['a'], Cmd: [], User: '' }, { Entrypoint: ['a'], Labels: { a: 'b' } }),
  ).toEqual([]);
  expect(notesOnOtherConfig(undefined, undefined)).toEqual([]);
  expect(notesOnOtherConfig({ Cmd: ['a'], User: 'u' }, { Cmd: ['b'] })).toEqual([
    'The slim image is configured otherwise than the original: Cmd, User.',
  ]);
});
