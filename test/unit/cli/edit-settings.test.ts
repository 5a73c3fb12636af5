import { expect, test } from 'vitest';
import { readConfigEdits } from '../../../src/cli/edit-settings.ts';
import { NO_EDITS } from '../../support/settings.ts';

test('nothing asked for changes nothing', () => {
  expect(readConfigEdits({})).toEqual(NO_EDITS);
});

test('overrides are named as SlimToolkit names them, all of them by one word', () => {
  expect(readConfigEdits({ imageOverrides: ['entrypoint,cmd', 'env'] }).overrides).toEqual([
    'Entrypoint',
    'Cmd',
    'Env',
  ]);
  expect(readConfigEdits({ imageOverrides: ['all'] }).overrides).toHaveLength(8);
  expect(() => readConfigEdits({ imageOverrides: ['shell'] })).toThrow(/--image-overrides does not take "shell"/);
});

test('what is new and what is removed is read in the words of a Dockerfile', () => {
  const edits = readConfigEdits({
    newEntrypoint: '/bin/app --serve',
    newCmd: '["-v"]',
    newWorkdir: '/srv',
    newEnv: ['A=1', 'B='],
    newExpose: ['8080', '53/udp'],
    newVolume: ['/data'],
    newLabel: ['team=web'],
    removeEnv: ['C'],
    removeExpose: ['80'],
    removeVolume: ['/old'],
    removeLabel: ['maintainer'],
  });
  expect(edits).toEqual({
    overrides: [],
    set: { Entrypoint: ['/bin/app', '--serve'], Cmd: ['-v'], WorkingDir: '/srv' },
    addEnv: ['A=1', 'B='],
    addPorts: ['8080/tcp', '53/udp'],
    addVolumes: ['/data'],
    addLabels: { team: 'web' },
    removeEnv: ['C'],
    removePorts: ['80/tcp'],
    removeVolumes: ['/old'],
    removeLabels: ['maintainer'],
  });
});

test.each([
  [{ newWorkdir: 'srv' }, '--new-workdir'],
  [{ newVolume: ['data'] }, '--new-volume'],
  [{ newExpose: ['http'] }, '--new-expose'],
  [{ removeExpose: ['99999'] }, '--remove-expose'],
  [{ newEnv: ['=1'] }, '--new-env'],
])('%j is wrong usage', (options, option) => {
  expect(() => readConfigEdits(options)).toThrow(new RegExp(`^${option} does not take`));
});
