import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openImage } from '../../image/open.ts';
import type { DiffId, Digest, History, Image, ImageConfig, Layer, RuntimeConfig } from '../../image/types.ts';
import { asked } from './api/errors.ts';
import type { DaemonRun } from './run.ts';
import type { GraphDriver } from './store.ts';

/** What a daemon tells about an image. Source: Docker's API, ImageInspect. */
export interface Inspected {
  readonly Id: string;
  readonly RepoTags?: readonly string[] | null;
  readonly RepoDigests?: readonly string[] | null;
  readonly Created?: string;
  readonly Architecture: string;
  readonly Variant?: string;
  readonly Os: string;
  readonly Config?: RuntimeConfig | null;
  readonly RootFS: { readonly Layers?: readonly string[] };
  readonly GraphDriver?: GraphDriver;
}

/** Whether a user means an image by its id, or the beginning of it. */
export function isImageId(name: string): boolean {
  return /^(?:sha256:)?[0-9a-f]{12,64}$/.test(name);
}

/**
 * An image of a daemon's store as the rest of the program knows images, by the name it was asked for. Its layers are
 * fetched when they are read.
 */
export async function storedImage(run: DaemonRun, inspected: Inspected, name: string): Promise<Image> {
  const { Id: id, Os: os, Architecture: architecture, Variant: variant } = inspected;
  const config = (await rawConfig(inspected)) ?? (await toldConfig(run, inspected));
  const saved = savedLayers((inspected.RootFS.Layers ?? []) as DiffId[], () => saveImage(run, id));
  return {
    source: `docker-daemon:${name}`,
    location: { transport: 'docker-daemon', path: id },
    names: isImageId(name) ? (inspected.RepoTags ?? []) : [name],
    digest: digestOf(inspected),
    config,
    platform: { os, architecture, ...(variant ? { variant } : {}) },
    layers: saved.layers,
    [Symbol.asyncDispose]: () => saved[Symbol.asyncDispose](),
  };
}

/** Docker's store has the configuration as it was pulled, under its own digest. Undefined when it cannot be read here. */
async function rawConfig({ Id, GraphDriver }: Inspected): Promise<ImageConfig | undefined> {
  const folder = GraphDriver?.Data?.UpperDir;
  if (!folder || process.geteuid?.() !== 0) return undefined;
  const root = dirname(dirname(dirname(folder)));
  const digest = Id.replace(/^sha256:/, '');
  const path = join(root, 'image', GraphDriver.Name, 'imagedb', 'content', 'sha256', digest);
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ImageConfig;
  } catch {
    return undefined;
  }
}

/** The configuration put together from what the daemon tells; keys it does not know are lost. */
async function toldConfig(run: DaemonRun, inspected: Inspected): Promise<ImageConfig> {
  const image = run.daemon.docker.getImage(inspected.Id);
  const steps = (await asked(image.history(), 'reading the history of the image')) as HistoryStep[];
  const { Created, Architecture, Variant, Os, Config, RootFS } = inspected;
  return {
    architecture: Architecture,
    os: Os,
    ...(Variant ? { variant: Variant } : {}),
    ...(Created ? { created: Created } : {}),
    config: withoutEmpty(Config ?? {}),
    rootfs: { type: 'layers', diff_ids: (RootFS.Layers ?? []) as DiffId[] },
    history: steps.reverse().map(historyEntry),
  };
}

interface HistoryStep {
  readonly Created: number;
  readonly CreatedBy: string;
  readonly Comment: string;
  readonly Size: number;
}

function historyEntry({ Created, CreatedBy, Comment, Size }: HistoryStep): History {
  return {
    created: new Date(Created * 1000).toISOString(),
    created_by: CreatedBy,
    ...(Comment ? { comment: Comment } : {}),
    ...(Size === 0 ? { empty_layer: true } : {}),
  };
}

/** A daemon fills in what an image does not state: names of nothing, false and null. */
function withoutEmpty(config: RuntimeConfig): RuntimeConfig {
  const stated = Object.entries(config).filter(([, value]) => value !== null && value !== '' && value !== false);
  return Object.fromEntries(stated);
}

/** That of the manifest where the image came from a registry, else the image's id. Podman makes up one for `localhost`. */
function digestOf({ Id, RepoDigests }: Inspected): Digest {
  const pulled = RepoDigests?.find((name) => !name.startsWith('localhost/'));
  const [, digest] = /@(sha256:[0-9a-f]{64})$/.exec(pulled ?? '') ?? [];
  return (digest ?? (Id.startsWith('sha256:') ? Id : `sha256:${Id}`)) as Digest;
}

/** The layers of an image, from an archive that is fetched once, when the first of them is read. */
function savedLayers(diffIds: readonly DiffId[], save: () => Promise<Image>): { layers: Layer[] } & AsyncDisposable {
  let saved: Promise<Image> | undefined;
  const open = async function* (at: number) {
    saved ??= save();
    yield* (await saved).layers[at]?.open() ?? [];
  };
  return {
    layers: diffIds.map((diffId, at) => ({ diffId, sizeBytes: 0, open: () => Readable.from(open(at)) })),
    async [Symbol.asyncDispose]() {
      await (await saved?.catch(() => undefined))?.[Symbol.asyncDispose]();
    },
  };
}

const SAVE_TIMEOUT_MS = 3_600_000;

/** Saves an image to a file of this run. That takes as long as the image is large. */
async function saveImage(run: DaemonRun, id: string): Promise<Image> {
  const path = join(run.directory, `saved-${id.replace(/^sha256:/, '').slice(0, 12)}.tar`);
  const doing = 'saving the image';
  const archive = await asked(run.daemon.docker.getImage(id).get(), doing);
  const options = { timeoutMs: SAVE_TIMEOUT_MS };
  await asked(pipeline(archive, createWriteStream(path, { mode: 0o600 })), doing, options);
  return openImage(`docker-archive:${path}`, { signal: new AbortController().signal });
}
