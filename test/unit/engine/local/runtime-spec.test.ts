import { describe, expect, test } from 'vitest';
import { processSpec, runtimeSpec } from '../../../../src/engine/local/runtime-spec.ts';
import { PLAIN_CONTAINER } from '../../../../src/settings.ts';

const root = { uid: 0, gid: 0, additionalGids: [], home: '/root' };
const user = { uid: 1000, gid: 1000, additionalGids: [27], home: '/home/app' };

const base = {
  config: {},
  command: ['/bin/true'],
  env: [],
  identity: root,
  rootDirectory: '/merged',
  mounts: [],
  settings: PLAIN_CONTAINER,
  cgroupsPath: '/x',
} as const;

interface Spec {
  mounts: { destination: string; options: string[] }[];
  linux: { namespaces: { type: string }[]; seccomp: { defaultAction: string }; maskedPaths: string[] };
  process: ProcessSpec;
}
interface ProcessSpec {
  env: string[];
  cwd: string;
  user: { uid: number; additionalGids: number[] };
  capabilities: Record<string, string[]>;
}

describe('runtimeSpec', () => {
  test('gives a container its own network namespace unless it shares the host network', () => {
    const types = (network: 'none' | 'host') =>
      (runtimeSpec({ ...base, network }) as Spec).linux.namespaces.map((namespace) => namespace.type);
    expect(types('none')).toContain('network');
    expect(types('host')).not.toContain('network');
  });

  test("grants Docker's default capabilities, and root's tracer the right to look into processes", () => {
    const { capabilities } = (runtimeSpec({ ...base, network: 'none' }) as Spec).process;
    for (const set of ['bounding', 'effective', 'permitted']) {
      expect(capabilities[set]).toHaveLength(15);
      expect(capabilities[set]).toContain('CAP_SYS_PTRACE');
      expect(capabilities[set]).not.toContain('CAP_SYS_ADMIN');
    }
    expect(capabilities.inheritable).toEqual([]);
    expect(capabilities.ambient).toEqual([]);
  });

  test('mounts /sys read-only and masks what tells about the host', () => {
    const spec = runtimeSpec({ ...base, network: 'none' }) as Spec;
    expect(spec.mounts.find((mount) => mount.destination === '/sys')?.options).toContain('ro');
    expect(spec.linux.maskedPaths).toContain('/proc/kcore');
  });
});

describe('processSpec', () => {
  test('starts a plain user without capabilities and with its groups', () => {
    const spec = processSpec({ ...base, identity: user }) as ProcessSpec;
    expect(spec.capabilities.effective).toEqual([]);
    expect(spec.capabilities.bounding).toContain('CAP_CHOWN');
    expect(spec.capabilities.bounding).not.toContain('CAP_SYS_PTRACE');
    expect(spec.user).toMatchObject({ uid: 1000, additionalGids: [27] });
  });

  test("adds Docker's defaults to the environment, and lets the image and then the user override them", () => {
    const config = { Env: ['PATH=/bin', 'A=image'] };
    const { env } = processSpec({ ...base, config, env: ['A=user'], identity: user }) as ProcessSpec;
    expect(env).toEqual(['PATH=/bin', 'HOSTNAME=container', 'HOME=/home/app', 'A=user']);
  });

  test('starts in the root directory when the image names no working directory', () => {
    expect((processSpec(base) as ProcessSpec).cwd).toBe('/');
    expect((processSpec({ ...base, config: { WorkingDir: '/app' } }) as ProcessSpec).cwd).toBe('/app');
  });
});
