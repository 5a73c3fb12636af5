import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Container } from 'dockerode';
import { TraceSlimError } from '../../errors.ts';
import { FIND_FORMAT, parseListing } from '../../rootfs/listing.ts';
import type { ImagePath } from '../../rootfs/path.ts';
import { imagePathFromText } from '../../rootfs/path.ts';
import type { Entry } from '../../rootfs/rootfs.ts';
import { RootFsIndex } from '../../rootfs/rootfs-index.ts';
import { PLAIN_CONTAINER } from '../../settings.ts';
import { replaceEntries } from '../../tar/replace-entries.ts';
import { namesOf, TAR_FLAGS } from '../host/pack.ts';
import { toolkitPaths } from '../toolkit-paths.ts';
import type { ToolkitPaths } from '../types.ts';
import { asked } from './api/errors.ts';
import { readFrames } from './api/frames.ts';
import { containerBody } from './container-body.ts';
import { createDelivered } from './create-container.ts';
import { startExec } from './exec.ts';
import { LensReader } from './lens-reader.ts';
import { findMountPoints, type MountPoints } from './mount-points.ts';
import type { Pristine, PristineOptions } from './pristine.ts';
import type { DaemonRun } from './run.ts';

/** The loader of the toolkit would load libraries of the image otherwise. */
const WITHOUT_PRELOADING = ['LD_PRELOAD=', 'LD_AUDIT=', 'LD_LIBRARY_PATH='];

/**
 * The files of an image seen through a container of it in which only the toolkit runs: what it costs depends on what is
 * read, not on the size of the image. What the daemon itself puts into every container is seen through.
 */
export async function lensOf(run: DaemonRun, options: PristineOptions): Promise<Pristine> {
  const { id, name, signal } = options;
  const toolkit = toolkitPaths({ runId: run.id, loader: run.loader });
  const { container } = await createDelivered(run, `${name}-lens`, id, (mounts) =>
    containerBody({
      spec: {
        config: { User: '0', Env: [...WITHOUT_PRELOADING] },
        settings: { ...PLAIN_CONTAINER, network: 'none' },
        command: ({ launcher, sleep }) => [...launcher, sleep, 'infinity'],
      },
      image: id,
      toolkit,
      hasTracer: false,
      labels: run.labels,
      mounts,
    }),
  );
  try {
    const mountPoints = await findMountPoints(container, {
      imageSeconds: options.createdSeconds,
      engine: run.daemon.name,
    });
    await asked(container.start(), 'starting a container to read the image', { signal });
    const index = new RootFsIndex(await listEntries(container, toolkit, mountPoints));
    const reader = await LensReader.start(container, toolkit);
    const lens: Lens = { container, toolkit, index, reader, mountPoints };
    return {
      rootfs: Object.assign(index, {
        read: (path: ImagePath, offset: number, length: number) => read(lens, path, offset, length),
      }),
      pack: (paths, packOptions) => pack(lens, paths, packOptions.signal),
      async [Symbol.asyncDispose]() {
        reader.close();
        run.removals.start(container);
      },
    };
  } catch (error) {
    run.removals.start(container);
    throw error;
  }
}

interface Lens {
  readonly container: Container;
  readonly toolkit: ToolkitPaths;
  readonly index: RootFsIndex;
  readonly reader: LensReader;
  readonly mountPoints: MountPoints;
}

async function listEntries(container: Container, toolkit: ToolkitPaths, mountPoints: MountPoints): Promise<Entry[]> {
  const lists: Entry[][] = [];
  for (const [at, root] of ['/', ...mountPoints.volumes].entries()) {
    const listing = await listBelow(container, toolkit, root);
    // Each volume is a file system with inodes of its own.
    lists.push(Array.from(listing, (entry) => rebased(entry, root, at)));
  }
  return mountPoints.corrected(lists.flat());
}

const VOLUME_INODES = 2 ** 44;

function rebased(entry: Entry, root: string, at: number): Entry {
  if (at === 0) return entry;
  const base = imagePathFromText(root);
  const path = (entry.path === '/' ? base : `${base}${entry.path}`) as ImagePath;
  return { ...entry, path, inode: -(Math.abs(entry.inode) + at * VOLUME_INODES) };
}

async function listBelow(container: Container, toolkit: ToolkitPaths, root: string): Promise<Iterable<Entry>> {
  const command = [...toolkit.launcher, `${toolkit.bin}/find`, root, '-xdev', '-printf', FIND_FORMAT];
  const { stream } = await startExec(container, { command, user: '0' });
  stream.end();
  return (await parseListing(outputOf(stream, 'listing the image'))).entries();
}

async function read({ index, reader, mountPoints }: Lens, path: ImagePath, offset: number, length: number) {
  const entry = index.get(path);
  if (entry?.type !== 'file') throw new TraceSlimError('IMAGE_INVALID', `${path} is no regular file`);
  const available = Math.min(length, entry.sizeBytes - offset);
  if (!Number.isSafeInteger(offset) || offset < 0 || available <= 0) return Buffer.alloc(0);
  const hidden = mountPoints.contentOf(path);
  return hidden ? hidden.subarray(offset, offset + available) : reader.read(path, offset, available);
}

function pack({ container, toolkit, mountPoints }: Lens, paths: readonly ImagePath[], signal: AbortSignal): Readable {
  const output = new PassThrough({ highWaterMark: 1 << 18 });
  const command = [...toolkit.launcher, `${toolkit.bin}/tar`, ...TAR_FLAGS];
  const packed = async () => {
    const { stream } = await startExec(container, { command, user: '0', workingDirectory: '/' });
    const named = pipeline(Readable.from(namesOf(paths)), stream, { end: true, signal });
    named.catch(() => {});
    const tar = Readable.from(outputOf(stream, 'packing the layer'), { objectMode: false });
    await pipeline(replaceEntries(tar, mountPoints.records), output, { signal });
  };
  packed().catch((error: Error) => output.destroy(error));
  return output;
}

const COMPLAINT_BYTES = 4096;

/** What a command prints; complaints of it end the stream with an error. */
async function* outputOf(stream: AsyncIterable<Buffer>, doing: string): AsyncGenerator<Buffer> {
  let complaint = '';
  for await (const { channel, data } of readFrames(stream)) {
    if (channel === 'stdout') yield data;
    else if (complaint.length < COMPLAINT_BYTES) complaint += data.toString('utf8');
  }
  if (complaint !== '') throw new TraceSlimError('ENGINE_FAILED', `${doing} failed: ${complaint.trim()}`);
}
