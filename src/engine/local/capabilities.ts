import { readFileSync } from 'node:fs';
import { TraceSlimError } from '../../errors.ts';

/** Docker's default set. Source: https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities */
const DEFAULT =
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  );

/** All of them, each at the place of its bit. Source: capabilities(7), linux/capability.h. */
const ALL =
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'.split(
    ' ',
  );

/** What a tracer of root's processes needs, which could not look into those that change their user without it. */
export const TRACER_CAPABILITY = 'SYS_PTRACE';

/**
 * Names, without `CAP_`, of what an application is granted: the default set and what was asked for. Errors: USAGE_INVALID
 * for an unknown name.
 */
export function grantedCapabilities(capAdd: readonly string[]): Set<string> {
  return new Set([...DEFAULT, ...capAdd.flatMap(namesOf)]);
}

function namesOf(asked: string): readonly string[] {
  const name = asked.replace(/^CAP_/, '');
  if (name === 'ALL') return ownCapabilities();
  if (ALL.includes(name)) return [name];
  throw new TraceSlimError('USAGE_INVALID', `there is no capability ${asked}`, {
    hint: 'See capabilities(7) for their names, such as NET_ADMIN; ALL stands for all of them.',
  });
}

/** Nobody can hand on more than what he has himself. */
function ownCapabilities(): string[] {
  const mask = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0'}`);
  return ALL.filter((_, bit) => ((mask >> BigInt(bit)) & 1n) === 1n);
}
