import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Readable } from 'node:stream';
import type { MountSettings as ApiMount, ContainerCreateOptions } from 'dockerode';
import type { Pack } from 'tar-stream';
import { TraceSlimError } from '../../errors.ts';
import type { Toolkit } from '../host/toolkit.ts';
import type { Daemon } from './api/connect.ts';
import { asked } from './api/errors.ts';
import { awaitExit } from './exit-status.ts';
import { KIT_FOLDER, type ToolImage } from './tool-image.ts';

/** The toolkit, as a daemon can be given it. */
export interface Kit {
  /** File name of its dynamic loader. */
  readonly loader: string;
  /** Its folder on this host, when it is made of this host's programs. */
  readonly directory?: string;
  /** Puts it into a new volume. `image` is one that a container can be made of. */
  fill(volume: string, options: { image: string; labels: Readonly<Record<string, string>> }): Promise<void>;
}

/** An image's own files at the mount point are not copied into the volume. */
export const NO_COPY = { NoCopy: true } as ApiMount['VolumeOptions'] & object;

const TARGET = '/.trace-slim-kit';

/** The toolkit of this host, sent over the daemon's API. */
export function hostKit(daemon: Daemon, { directory, loader }: Toolkit): Kit {
  return {
    loader,
    directory,
    fill: (volume, { image, labels }) =>
      withContainer(daemon, { Image: image, Entrypoint: ['/'], Labels: { ...labels } }, volume, async (container) => {
        const { pack } = await import('tar-stream');
        const archive = pack();
        const filled = addFolder(archive, directory).catch((error: Error) => archive.destroy(error));
        const sent = container.putArchive(archive as unknown as Readable, { path: TARGET });
        await asked(sent, 'sending the toolkit to the daemon');
        await filled;
      }),
  };
}

/** The toolkit that an image at the daemon holds. */
export function imageKit(daemon: Daemon, { name, loader }: ToolImage): Kit {
  return {
    loader,
    fill: (volume, { labels }) =>
      withContainer(
        daemon,
        { Image: name, Entrypoint: ['cp', '-a', `${KIT_FOLDER}/.`, TARGET], Cmd: [], Labels: { ...labels } },
        volume,
        async (container) => {
          const exit = await asked(awaitExit(container), 'copying the toolkit');
          await asked(container.start(), 'copying the toolkit');
          const exitStatus = await asked(exit.status, 'copying the toolkit');
          if (exitStatus !== 0) throw new TraceSlimError('TOOL_MISSING', `the image ${name} holds no toolkit`);
        },
      ),
  };
}

/** A container with the volume at {@link TARGET}, for as long as the work takes. */
async function withContainer(
  { docker }: Daemon,
  body: ContainerCreateOptions,
  volume: string,
  work: (container: Awaited<ReturnType<Daemon['docker']['createContainer']>>) => Promise<void>,
): Promise<void> {
  const Mounts: ApiMount[] = [{ Type: 'volume', Source: volume, Target: TARGET, VolumeOptions: NO_COPY }];
  const creating = docker.createContainer({ ...body, HostConfig: { Mounts, NetworkMode: 'none' } });
  const container = await asked(creating, 'creating a container for the toolkit');
  try {
    await work(container);
  } finally {
    await asked(container.remove({ force: true, v: true }), 'removing the container of the toolkit');
  }
}

/** Puts a folder with what is below it into an archive, owned by root. */
async function addFolder(archive: Pack, root: string, folder = root): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const name = relative(root, path);
    if (entry.isSymbolicLink()) {
      archive.entry({ name, type: 'symlink', linkname: await readlink(path) });
    } else if (entry.isDirectory()) {
      archive.entry({ name: `${name}/`, type: 'directory', mode: 0o755 });
      await addFolder(archive, root, path);
    } else {
      const { mode } = await stat(path);
      archive.entry({ name, mode: mode & 0o755 }, await readFile(path));
    }
  }
  if (folder === root) archive.finalize();
}
