import { expect, test } from 'vitest';
import { parseAddress } from '../../../../../src/engine/docker/api/address.ts';

test.each([
  ['unix:///run/d.sock', { kind: 'unix', path: '/run/d.sock' }],
  ['/run/d.sock', { kind: 'unix', path: '/run/d.sock' }],
  ['tcp://h:1234', { kind: 'tcp', host: 'h', port: 1234, isTls: false }],
  ['tcp://h', { kind: 'tcp', host: 'h', port: 2375, isTls: false }],
  ['tcp://h:80', { kind: 'tcp', host: 'h', port: 80, isTls: false }],
  ['h:1234', { kind: 'tcp', host: 'h', port: 1234, isTls: false }],
  [':1234', { kind: 'tcp', host: 'localhost', port: 1234, isTls: false }],
  ['tcp://[::1]:99', { kind: 'tcp', host: '::1', port: 99, isTls: false }],
  ['https://h', { kind: 'tcp', host: 'h', port: 2376, isTls: true }],
  ['ssh://tom@h:2222', { kind: 'ssh', user: 'tom', host: 'h', port: 2222 }],
  ['ssh://h/run/podman/podman.sock', { kind: 'ssh', host: 'h', path: '/run/podman/podman.sock' }],
])('%s is read', (text, address) => {
  expect(parseAddress(text, false)).toEqual(address);
});

test('certificates change what tcp means, and its usual port', () => {
  expect(parseAddress('tcp://h', true)).toEqual({ kind: 'tcp', host: 'h', port: 2376, isTls: true });
  expect(parseAddress('http://h', true)).toEqual({ kind: 'tcp', host: 'h', port: 2375, isTls: false });
});

test.each([
  ['npipe:////./pipe/docker', 'npipe:// is not supported'],
  ['unix://run/d.sock', 'a unix socket needs an absolute path'],
  ['tcp://h:1/prefix', 'a path after the port is not supported'],
  ['tcp://h:99999', 'it cannot be read'],
  ['ssh://-oProxyCommand=x', 'it names no host'],
])('%s is refused: %s', (text, why) => {
  expect(() => parseAddress(text, false)).toThrow(`${text} is no address of a daemon: ${why}`);
});

test('a password in an address is refused, and not repeated', () => {
  expect(() => parseAddress('ssh://tom:secret@h', false)).toThrow(/^ssh:\/\/tom:…@h is no address/);
});
