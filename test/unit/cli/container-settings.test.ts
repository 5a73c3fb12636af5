import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readContainerSettings } from '../../../src/cli/container-settings.ts';
import { PLAIN_CONTAINER } from '../../../src/settings.ts';

test('nothing asked for is a plain container', () => {
  expect(readContainerSettings({})).toEqual(PLAIN_CONTAINER);
});

describe('a mount', () => {
  const bind = (source: string, target: string, readOnly = false) => ({ type: 'bind', source, target, readOnly });
  const volume = (source: string, target: string, readOnly = false) => ({ type: 'volume', source, target, readOnly });
  test.each([
    ['/a:/b', bind('/a', '/b')],
    ['/a:/b:ro', bind('/a', '/b', true)],
    ['/a:/b:rw,Z', bind('/a', '/b')],
    ['./conf:/b', bind(resolve('conf'), '/b')],
    ['conf/x:/b', bind(resolve('conf/x'), '/b')],
    ['~/x:/b', bind(`${homedir()}/x`, '/b')],
    ['data:/b:ro', volume('data', '/b', true)],
    ['/b', volume('', '/b')],
    ['type=bind,source=x,target=/b,readonly', bind(resolve('x'), '/b', true)],
    ['type=bind,src=/x,dst=/b,ro=false,bind-propagation=rslave', bind('/x', '/b')],
    ['type=bind,"source=/a,b",destination=/b', bind('/a,b', '/b')],
    ['source=data,target=/b', volume('data', '/b')],
    ['type=volume,target=/b', volume('', '/b')],
    [
      'type=tmpfs,target=/b,tmpfs-size=1m,tmpfs-mode=1770',
      { type: 'tmpfs', target: '/b', sizeBytes: 2 ** 20, mode: 0o1770 },
    ],
  ])('%s is read as docker and SlimToolkit do', (text, expected) => {
    expect(readContainerSettings({ mount: [text] }).mounts).toEqual([expected]);
  });

  test.each([
    '/a:b',
    'b',
    '/a:/b:sure',
    '/a:/b:ro:x',
    'type=bind,target=/b',
    'type=cluster,target=/b',
    'kind=bind,target=/b',
  ])('%s is wrong usage', (text) => {
    expect(() => readContainerSettings({ mount: [text] })).toThrow(/--mount does not take/);
  });

  test('that is temporary may have a size and a mode', () => {
    const { mounts } = readContainerSettings({ tmpfs: ['/run', '/cache:rw,size=64m,mode=755'] });
    expect(mounts).toEqual([
      { type: 'tmpfs', target: '/run' },
      { type: 'tmpfs', target: '/cache', sizeBytes: 64 * 2 ** 20, mode: 0o755 },
    ]);
    expect(() => readContainerSettings({ tmpfs: ['/run:size=much'] })).toThrow(/--tmpfs/);
    expect(() => readContainerSettings({ tmpfs: ['run'] })).toThrow(/--tmpfs/);
  });
});

test('hosts are read with : and =, IPv6 addresses with and without brackets', () => {
  const { hosts } = readContainerSettings({
    etcHostsMap: ['db:10.0.0.1', 'six:::1'],
    addHost: ['seven=[fe80::7]', 'me:host-gateway'],
  });
  expect(hosts).toEqual(['db:10.0.0.1', 'six:::1', 'seven:fe80::7', 'me:host-gateway']);
  expect(() => readContainerSettings({ addHost: ['db:somewhere'] })).toThrow(/--add-host/);
});

test.each([
  ['80', '80:80'],
  ['8080:80', '8080:80'],
  ['53:53/udp', '53:53/udp'],
  ['127.0.0.1:8080:80', '127.0.0.1:8080:80'],
  ['127.0.0.1::80', '127.0.0.1::80'],
  ['[::1]:8080:80', '[::1]:8080:80'],
])('the port %s is published as %s', (text, expected) => {
  expect(readContainerSettings({ publishPort: [text] }).publish).toEqual([expected]);
});

test('names, sizes and switches are taken over', () => {
  const settings = readContainerSettings({
    hostname: 'web-1',
    network: 'front',
    label: ['a=1=2', 'b'],
    capAdd: ['net_admin,CAP_SYS_TIME'],
    croShmSize: '1g',
    croSysctl: ['net.core.somaxconn=1024'],
    croRuntime: 'crun',
    containerDns: ['10.0.0.53'],
    containerDnsSearch: ['example.org'],
    link: ['db:database'],
    tty: true,
    interactive: true,
  });
  expect(settings).toEqual({
    ...PLAIN_CONTAINER,
    hostname: 'web-1',
    network: 'front',
    labels: { a: '1=2', b: '' },
    capAdd: ['NET_ADMIN', 'CAP_SYS_TIME'],
    shmSizeBytes: 2 ** 30,
    sysctls: { 'net.core.somaxconn': '1024' },
    runtime: 'crun',
    dns: ['10.0.0.53'],
    dnsSearch: ['example.org'],
    links: ['db:database'],
    tty: true,
    stdin: true,
  });
});

test.each([
  [{ hostname: 'a b' }, '--hostname'],
  [{ containerDns: ['dns.example'] }, '--container-dns'],
  [{ capAdd: ['net admin'] }, '--cap-add'],
  [{ shmSize: '1 apple' }, '--shm-size'],
  [{ publishPort: ['http'] }, '--publish-port'],
  [{ label: ['=x'] }, '--label'],
])('%j is wrong usage', (options, option) => {
  expect(() => readContainerSettings(options)).toThrow(new RegExp(`^${option} does not take`));
});
