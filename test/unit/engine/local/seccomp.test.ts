import { expect, test } from 'vitest';
import { seccompProfile } from '../../../../src/engine/local/seccomp.ts';

interface Profile {
  syscalls: { names: string[]; args?: { value: number }[] }[];
}

function deniedWith(...granted: string[]): Set<string> {
  const { syscalls } = seccompProfile(new Set(granted)) as Profile;
  return new Set(syscalls.filter(({ args }) => !args).flatMap(({ names }) => names));
}

test('mounts and namespaces are denied without SYS_ADMIN', () => {
  const denied = deniedWith('CHOWN');
  for (const name of ['mount', 'unshare', 'clone3', 'bpf']) expect(denied).toContain(name);
  const { syscalls } = seccompProfile(new Set()) as Profile;
  expect(syscalls.filter(({ names, args }) => names.includes('clone') && args)).toHaveLength(7);
});

test('an added capability allows the calls that it is about', () => {
  const denied = deniedWith('SYS_ADMIN', 'SYS_TIME');
  for (const name of ['mount', 'unshare', 'clone3', 'settimeofday']) expect(denied).not.toContain(name);
  expect(denied).toContain('reboot');
  const { syscalls } = seccompProfile(new Set(['SYS_ADMIN'])) as Profile;
  expect(syscalls.some(({ names }) => names.includes('clone'))).toBe(false);
});
