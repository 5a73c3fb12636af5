import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Identity, resolveIdentity } from '../../rootfs/identity.ts';
import type { RootFs } from '../../rootfs/rootfs.ts';
import { createHostLogs } from '../host/log-folder.ts';
import { locate } from '../host/toolkit.ts';
import { toolkitPaths } from '../toolkit-paths.ts';
import type { ContainerSpec } from '../types.ts';
import { grantedCapabilities, TRACER_CAPABILITY } from './capabilities.ts';
import { localNetwork } from './check-settings.ts';
import { LocalContainer } from './container.ts';
import { containerMounts } from './container-mounts.ts';
import type { LocalRun } from './local-engine.ts';
import { OciRuntime } from './oci-runtime.ts';
import { type Mount, runtimeSpec } from './runtime-spec.ts';

export interface StartOptions {
  readonly run: LocalRun;
  readonly rootfs: RootFs;
  readonly id: string;
  /** An existing folder on this host for files of this container. */
  readonly directory: string;
  /** Folder on this host that is the container's root file system. */
  readonly root: string;
  /** Undoes the mounts; called once the container is gone. */
  readonly release: () => Promise<void>;
}

/** Starts a container on a mounted root. Errors: USAGE_INVALID, USER_NOT_FOUND, TOOL_MISSING, ENGINE_FAILED. */
export async function startContainer(spec: ContainerSpec, options: StartOptions): Promise<LocalContainer> {
  const { run, rootfs, id, directory, root, release } = options;
  const { config, settings, env = [] } = spec;
  const network = localNetwork(settings);
  const runtime = await runtimeFor(run, settings.runtime);
  if (settings.tty) await locate(['script']);
  const logsDirectory = join(directory, 'logs');
  const logs = await createHostLogs(logsDirectory);
  const identity = await resolveIdentity(rootfs, config.User ?? '');
  const isTracerAlone = !grantedCapabilities(settings.capAdd).has(TRACER_CAPABILITY);
  const toolkitOf = ({ uid }: Identity) => {
    const tracerCapability = uid === 0 && isTracerAlone ? 'bounding' : undefined;
    return toolkitPaths({ runId: run.id, loader: run.toolkit.loader, tracerCapability });
  };
  const toolkit = toolkitOf(identity);
  const mounts = [
    ...(await containerMounts({ settings, config, rootfs, directory, root })),
    bind(run.toolkit.directory, `${toolkit.prefix}/kit`, ['ro', 'nosuid', 'nodev']),
    bind(logsDirectory, toolkit.logs, ['rw', 'nosuid', 'nodev', 'noexec']),
  ];
  const command = spec.command(toolkit);
  const cgroupsPath = `/${id}`;
  const bundle = runtimeSpec({
    config,
    command,
    env,
    identity,
    settings,
    rootDirectory: root,
    mounts,
    network,
    cgroupsPath,
  });
  await writeFile(join(directory, 'config.json'), JSON.stringify(bundle));
  const process = await runtime.run(id, directory, {
    directory,
    name: 'main',
    doing: 'starting the container',
    terminal: settings.tty,
    // What types into a terminal is not at its end just because nobody types.
    holdsStdin: settings.tty || settings.stdin,
  });
  return LocalContainer.started({
    id,
    runtime,
    process,
    toolkitOf,
    directory,
    logs,
    identity,
    identify: (user) => resolveIdentity(rootfs, user),
    config,
    env,
    settings,
    network,
    release,
  });
}

/** Another runtime keeps its state apart. */
async function runtimeFor(run: LocalRun, name: string | undefined): Promise<OciRuntime> {
  if (name === undefined) return run.runtime;
  const program = await locate([name]);
  return new OciRuntime(program, join(run.directory, `runtime-${name.replaceAll('/', '-')}`));
}

function bind(source: string, destination: string, options: readonly string[]): Mount {
  return { destination, type: 'bind', source, options: ['bind', ...options] };
}
