import { describe, expect, test } from 'vitest';
import { changesBetween, editConfig } from '../../../src/image/config-edits.ts';
import type { RuntimeConfig } from '../../../src/image/types.ts';
import { type ConfigEdits, PLAIN_CONTAINER, type RunSettings } from '../../../src/settings.ts';
import { NO_EDITS, plainRun } from '../../support/settings.ts';

const image: RuntimeConfig = {
  Entrypoint: ['/entry.sh'],
  Cmd: ['serve'],
  Env: ['PATH=/bin', 'A=1', 'B=2'],
  ExposedPorts: { '80/tcp': {} },
  Volumes: { '/data': {} },
  Labels: { team: 'web', maintainer: 'me' },
  Unknown: { kept: true },
};

const run: RunSettings = {
  config: { Cmd: ['debug'], User: 'app', WorkingDir: '/srv', ExposedPorts: { '8080/tcp': {} } },
  env: ['A=run', 'C=3'],
  container: {
    ...PLAIN_CONTAINER,
    labels: { run: 'yes' },
    mounts: [
      { type: 'volume', source: 'data', target: '/var/data', readOnly: false },
      { type: 'bind', source: '/host', target: '/mnt', readOnly: false },
    ],
  },
};

const edit = (edits: Partial<ConfigEdits>, how = run) => editConfig(image, { ...NO_EDITS, ...edits }, how);

test('no edits leave the configuration as it is, however the image was run', () => {
  expect(edit({})).toEqual(image);
  expect(changesBetween(image, edit({}))).toEqual({});
});

describe('overrides', () => {
  test('take over what was named of how the image was run, and nothing else', () => {
    expect(edit({ overrides: ['Cmd'] })).toEqual({ ...image, Cmd: ['debug'] });
    expect(edit({ overrides: ['User', 'WorkingDir'] })).toEqual({ ...image, User: 'app', WorkingDir: '/srv' });
    expect(edit({ overrides: ['Env'] }).Env).toEqual(['PATH=/bin', 'A=run', 'B=2', 'C=3']);
    expect(edit({ overrides: ['ExposedPorts'] }).ExposedPorts).toEqual({ '80/tcp': {}, '8080/tcp': {} });
    expect(edit({ overrides: ['Labels'] }).Labels).toEqual({ team: 'web', maintainer: 'me', run: 'yes' });
  });

  test('take over volumes, but no mount of a host file', () => {
    expect(edit({ overrides: ['Volumes'] }).Volumes).toEqual({ '/data': {}, '/var/data': {} });
  });

  test('of an entrypoint drop the CMD that was not run with it', () => {
    const how = { ...plainRun, config: { Entrypoint: ['/other'], Cmd: ['x'] } };
    expect(edit({ overrides: ['Entrypoint'] }, how)).toMatchObject({ Entrypoint: ['/other'], Cmd: null });
    expect(edit({ overrides: ['Cmd', 'Entrypoint'] }, how)).toMatchObject({ Entrypoint: ['/other'], Cmd: ['x'] });
  });

  test('change nothing where the image was run as it is', () => {
    expect(edit({ overrides: ['Entrypoint', 'Cmd', 'Env', 'Volumes', 'User'] }, plainRun)).toEqual(image);
  });
});

test('removals take out by name, and additions win over removals and overrides', () => {
  const edited = edit({
    overrides: ['Env'],
    removeEnv: ['A', 'B=whatever', 'C'],
    addEnv: ['C=new', 'PATH=/usr/bin'],
    removePorts: ['80/tcp'],
    addPorts: ['53/udp'],
    removeVolumes: ['/data'],
    addVolumes: ['/more'],
    removeLabels: ['maintainer'],
    addLabels: { team: 'api' },
  });
  expect(edited).toEqual({
    ...image,
    Env: ['PATH=/usr/bin', 'C=new'],
    ExposedPorts: { '53/udp': {} },
    Volumes: { '/more': {} },
    Labels: { team: 'api' },
  });
});

test('a new command replaces the words that are named, and leaves the others', () => {
  const edited = edit({ set: { Entrypoint: ['/new'], WorkingDir: '/w' } });
  expect(edited).toEqual({ ...image, Entrypoint: ['/new'], WorkingDir: '/w' });
  expect(changesBetween(image, edited)).toEqual({ Entrypoint: ['/new'], WorkingDir: '/w' });
});
