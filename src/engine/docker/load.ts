import { join } from 'node:path';
import { Readable } from 'node:stream';
import { layerOf, writeLayerFile } from '../../build/layer-file.ts';
import { DOCKER_MANIFEST } from '../../image/docker-archive.ts';
import type { Image, Layer } from '../../image/types.ts';
import { fileOf, type NewFile, tarOf } from '../../tar/write.ts';
import { asked } from './api/errors.ts';
import { readNdjson } from './api/ndjson.ts';
import type { DaemonRun } from './run.ts';

/** A transfer may take its time; the messages while it goes on may not stop for longer than this. */
const LOAD_TIMEOUT_MS = 600_000;

/**
 * Sends an image to the daemon under one name, as an archive that is made while it is sent. Errors: DISK_FULL,
 * ENGINE_FAILED, and what reading the layers gives.
 */
export async function loadImage(run: DaemonRun, image: Image, name: string, signal: AbortSignal): Promise<void> {
  await using layers = await sizedLayers(run, image.layers, signal);
  const config = fileOf('config.json', Buffer.from(JSON.stringify(image.config)));
  const files: NewFile[] = layers.all.map((layer, at) => ({
    name: `${at}.tar`,
    sizeBytes: layer.tarSizeBytes,
    open: () => layer.open(),
  }));
  const manifest = [{ Config: config.name, RepoTags: [name], Layers: files.map((file) => file.name) }];
  const archive = tarOf([fileOf(DOCKER_MANIFEST, Buffer.from(JSON.stringify(manifest))), config, ...files], 0);
  const doing = 'loading the image into the daemon';
  const options = { timeoutMs: LOAD_TIMEOUT_MS, signal };
  const source = Readable.from(archive, { objectMode: false });
  const answer = await asked(run.daemon.docker.loadImage(source, { quiet: true, abortSignal: signal }), doing, options);
  const messages = readNdjson(answer as unknown as AsyncIterable<Buffer>, doing);
  await asked(drain(messages), doing, options);
}

async function drain(messages: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of messages);
}

type SizedLayer = Layer & { readonly tarSizeBytes: number };

/** An archive states the size of what follows first, so layers of unknown size are unpacked to files. */
async function sizedLayers(
  run: DaemonRun,
  layers: readonly Layer[],
  signal: AbortSignal,
): Promise<AsyncDisposable & { all: SizedLayer[] }> {
  const files: AsyncDisposable[] = [];
  const dispose = async () => {
    for (const file of files) await file[Symbol.asyncDispose]();
  };
  try {
    const all: SizedLayer[] = [];
    for (const layer of layers) {
      const { tarSizeBytes } = layer;
      if (tarSizeBytes !== undefined) {
        all.push({ ...layer, tarSizeBytes, open: () => layer.open() });
        continue;
      }
      const path = join(run.directory, `layer-${files.length}-${layer.diffId.slice('sha256:'.length, 20)}.tar`);
      const file = await writeLayerFile(layer.open(), path, { signal });
      files.push(file);
      all.push({ ...layerOf(file), tarSizeBytes: file.sizeBytes });
    }
    return { all, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
