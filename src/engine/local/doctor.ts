import { mkdir, readFile, rm, statfs } from 'node:fs/promises';
import { arch, release } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { errnoOf, TraceSlimError } from '../../errors.ts';
import type { Image } from '../../image/types.ts';
import type { HostCheck } from '../../report/results.ts';
import { PLAIN_CONTAINER } from '../../settings.ts';
import { hostPath, PACKAGE_OF } from '../host/command.ts';
import { OVERLAYFS_MAGIC, openLocalEngine } from './local-engine.ts';

/** Host programs the local engine calls, with what for, and what their version output must say. */
const PROGRAMS: readonly { name: string; purpose: string; args: readonly string[]; expect?: RegExp }[] = [
  {
    name: 'strace',
    purpose: 'watches which files are used',
    args: ['--version'],
    expect: /version (?:[6-9]|5\.(?:[3-9]|\d\d)|\d\d)/,
  },
  { name: 'runc', purpose: 'runs containers', args: ['--version'] },
  { name: 'tar', purpose: 'unpacks and packs layers', args: ['--version'], expect: /GNU tar/ },
  { name: 'find', purpose: 'lists images', args: ['--version'], expect: /GNU findutils/ },
  { name: 'mount', purpose: 'mounts layers over each other', args: ['--version'] },
  { name: 'nsenter', purpose: 'reaches ports of a container', args: ['--version'] },
];

const GIGABYTE = 1e9;
const FREE_WANTED_BYTES = 2 * GIGABYTE;

/** Tries out what the local engine needs of this host; ends with a traced container that really runs. */
export async function diagnoseLocal(stateDirectory: string, options: { signal: AbortSignal }): Promise<HostCheck[]> {
  const checks = [hostCheck(), userCheck(), ...(await Promise.all(PROGRAMS.map(programCheck)))];
  checks.push(await cgroupCheck(), await ptraceCheck());
  const trial = await trialCheck(stateDirectory, options);
  checks.push(await diskCheck(stateDirectory), trial);
  return checks;
}

function hostCheck(): HostCheck {
  const ok = process.platform === 'linux';
  return {
    name: 'host',
    ok,
    detail: `${process.platform} ${release()} on ${arch()}`,
    ...(ok ? {} : { hint: 'The built-in engine needs Linux.' }),
  };
}

function userCheck(): HostCheck {
  const ok = process.geteuid?.() === 0;
  return {
    name: 'user',
    ok,
    detail: ok ? 'root' : `uid ${process.geteuid?.()}`,
    ...(ok ? {} : { hint: 'Run as root: mounting layers needs it.' }),
  };
}

async function programCheck(program: (typeof PROGRAMS)[number]): Promise<HostCheck> {
  const { name, purpose } = program;
  const alternatives = name === 'runc' ? ['runc', 'crun'] : [name];
  for (const candidate of alternatives) {
    const { stdout, exitCode } = await execa(candidate, program.args, {
      reject: false,
      env: { PATH: hostPath(), LC_ALL: 'C' },
    });
    if (exitCode !== 0) continue;
    const ok = program.expect?.test(stdout) ?? true;
    const detail = `${stdout.split('\n')[0]} (${purpose})`;
    return { name: candidate, ok, detail, ...(ok ? {} : { hint: `Install a current ${PACKAGE_OF[name]}.` }) };
  }
  return { name, ok: false, detail: `not installed (${purpose})`, hint: `apt-get install ${PACKAGE_OF[name] ?? name}` };
}

async function cgroupCheck(): Promise<HostCheck> {
  const mounts = await readFile('/proc/self/mounts', 'utf8').catch(() => '');
  const has = (type: string) => new RegExp(` /sys/fs/cgroup\\S* ${type} `).test(mounts);
  const layouts: [boolean, string][] = [
    [has('cgroup') && has('cgroup2'), 'version 1 and 2 (hybrid)'],
    [has('cgroup2'), 'version 2'],
    [has('cgroup'), 'version 1'],
  ];
  const found = layouts.find(([isIt]) => isIt)?.[1];
  return {
    name: 'cgroups',
    ok: found !== undefined,
    detail: found ?? 'not mounted',
    ...(found ? {} : { hint: 'Mount /sys/fs/cgroup.' }),
  };
}

async function ptraceCheck(): Promise<HostCheck> {
  const scope = (await readFile('/proc/sys/kernel/yama/ptrace_scope', 'utf8').catch(() => '0')).trim();
  const ok = Number(scope) < 3;
  return {
    name: 'ptrace',
    ok,
    detail: `Yama scope ${scope}`,
    ...(ok ? {} : { hint: 'Tracing is switched off until the next boot: sysctl kernel.yama.ptrace_scope=1.' }),
  };
}

/** Overlays cannot be stacked on one for images whose layers remove files. */
function overlayCheck(stateDirectory: string): HostCheck {
  const hint = 'Name a volume or another disk in TRACE_SLIM_HOME.';
  return { name: 'disk', ok: false, detail: `${stateDirectory} is on an overlay file system`, hint };
}

async function diskCheck(stateDirectory: string): Promise<HostCheck> {
  try {
    const { bavail, bsize, type } = await statfs(stateDirectory);
    if (type === OVERLAYFS_MAGIC) return overlayCheck(stateDirectory);
    const free = bavail * bsize;
    const ok = free >= FREE_WANTED_BYTES;
    const detail = `${(free / GIGABYTE).toFixed(1)} GB free in ${stateDirectory}`;
    return {
      name: 'disk',
      ok,
      detail,
      ...(ok ? {} : { hint: 'Run `trace-slim clean --cache`, or set TRACE_SLIM_HOME.' }),
    };
  } catch (error) {
    return {
      name: 'disk',
      ok: false,
      detail: `${stateDirectory}: ${errnoOf(error)}`,
      hint: 'Set TRACE_SLIM_HOME to a folder that can be written.',
    };
  }
}

/** Runs the toolkit's shell under the tracer in an otherwise empty image. */
async function trialCheck(stateDirectory: string, options: { signal: AbortSignal }): Promise<HostCheck> {
  const name = 'traced container';
  const startedAt = performance.now();
  try {
    await using engine = await openLocalEngine(stateDirectory, options);
    const root = join(engine.scratchDirectory, 'trial');
    await mkdir(root);
    await using opened = await engine.open(emptyImage(root), options);
    const { straceCommand } = await import('../../trace/strace-command.ts');
    const command = ['-c', ': < /etc/hostname'];
    await using container = await opened.start(
      {
        config: {},
        settings: PLAIN_CONTAINER,
        command: (kit) => straceCommand(kit, 'main', [...kit.launcher, kit.sh, ...command]),
      },
      options,
    );
    const { exitStatus, stderr } = await container.ended;
    const bytes = await container.logSize('main');
    await rm(root, { recursive: true, force: true });
    const ok = exitStatus === 0 && bytes > 0;
    const ms = Math.round(performance.now() - startedAt);
    return { name, ok, detail: ok ? `works (${ms} ms)` : `exit ${exitStatus}: ${stderr.toString('utf8').trim()}` };
  } catch (error) {
    if (!(error instanceof TraceSlimError)) throw error;
    return { name, ok: false, detail: error.message, ...(error.hint ? { hint: error.hint } : {}) };
  }
}

function emptyImage(rootfsDirectory: string): Image {
  const architecture = { x64: 'amd64', arm64: 'arm64' }[process.arch as string] ?? process.arch;
  return {
    source: 'an empty image',
    location: { transport: 'rootfs', path: rootfsDirectory },
    names: [],
    digest: `sha256:${'0'.repeat(64)}`,
    config: { architecture, os: 'linux', rootfs: { type: 'layers', diff_ids: [] } },
    platform: { os: 'linux', architecture },
    layers: [],
    rootfsDirectory,
    async [Symbol.asyncDispose]() {},
  };
}
