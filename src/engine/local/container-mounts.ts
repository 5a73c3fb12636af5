import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RuntimeConfig } from '../../image/types.ts';
import { imagePathFromText, ROOT } from '../../rootfs/path.ts';
import { resolvePath } from '../../rootfs/resolve.ts';
import type { RootFs } from '../../rootfs/rootfs.ts';
import type { ContainerSettings, MountSettings } from '../../settings.ts';
import { runCommand } from '../host/command.ts';
import { systemFileMounts } from './network-files.ts';
import type { Mount } from './runtime-spec.ts';

export interface MountOptions {
  readonly settings: ContainerSettings;
  readonly config: RuntimeConfig;
  readonly rootfs: RootFs;
  /** Folder on this host for files of this container. */
  readonly directory: string;
  /** Folder on this host that is the container's root file system. */
  readonly root: string;
}

/**
 * Everything that is mounted over the image: the files of the system, the image's volumes and what the user asked for, which
 * takes the place of a volume with the same target. Outer mounts come before those inside of them.
 */
export async function containerMounts(options: MountOptions): Promise<Mount[]> {
  const { settings, config, directory } = options;
  const asked = new Set<string>(settings.mounts.map(({ target }) => imagePathFromText(target)));
  const bound = settings.mounts.filter(({ type }) => type === 'bind').map(({ target }) => imagePathFromText(target));
  // A mount inside of a folder of the host would leave its mount point there.
  const files = (await systemFileMounts(directory, settings)).filter(
    ({ destination }) => !bound.some((target) => destination.startsWith(`${target}/`)),
  );
  const volumes = Object.keys(config.Volumes ?? {})
    .filter((target) => imagePathFromText(target) !== ROOT && !asked.has(imagePathFromText(target)))
    .map((target): MountSettings => ({ type: 'volume', source: '', target, readOnly: false }));
  const mounts = files;
  for (const [index, mount] of [...volumes, ...settings.mounts].entries()) {
    mounts.push(await mountOf(mount, join(directory, `volume-${index}`), options));
  }
  return mounts.sort((a, b) => depthOf(a) - depthOf(b));
}

async function mountOf(mount: MountSettings, volumeDirectory: string, options: MountOptions): Promise<Mount> {
  if (mount.type === 'tmpfs') return tmpfsMount(mount);
  const access = mount.readOnly ? 'ro' : 'rw';
  if (mount.type === 'bind') return bind(mount.source, mount.target, ['rbind', 'rprivate', access]);
  await fillVolume(mount.target, volumeDirectory, options);
  return bind(volumeDirectory, mount.target, ['bind', access]);
}

/** As Docker mounts one. */
function tmpfsMount({ target, sizeBytes, mode }: MountSettings & { type: 'tmpfs' }): Mount {
  const options = ['nosuid', 'nodev', 'noexec'];
  if (sizeBytes !== undefined) options.push(`size=${sizeBytes}`);
  if (mode !== undefined) options.push(`mode=${mode.toString(8)}`);
  return { destination: target, type: 'tmpfs', source: 'tmpfs', options };
}

/** A volume starts as a copy of what the image has in its place, as Docker fills a new one. */
async function fillVolume(volume: string, directory: string, { rootfs, root }: MountOptions): Promise<void> {
  const { entry } = resolvePath(rootfs, imagePathFromText(volume));
  if (entry?.type !== 'directory') {
    await mkdir(directory, { mode: 0o755 });
    return;
  }
  const content = Buffer.from(`${root}${entry.path}/.`, 'latin1').toString();
  await runCommand('cp', ['-a', '--', content, directory], { doing: `filling the volume ${volume}` });
}

function bind(source: string, destination: string, options: readonly string[]): Mount {
  return { destination, type: 'bind', source, options };
}

function depthOf({ destination }: Mount): number {
  return imagePathFromText(destination).split('/').length;
}
