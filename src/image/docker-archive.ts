import { TraceSlimError } from '../errors.ts';
import { invalid } from '../tar/header.ts';
import { digestOf, parseDigest, requireBytes } from './digest.ts';
import { type DockerManifest, parseDockerManifest, parseImageConfig } from './documents.ts';
import { type ImageFiles, missing, readWhole } from './image-files.ts';
import { layerOf } from './layer.ts';
import { ambiguousName, unknownName } from './names.ts';
import { isSameName } from './reference.ts';
import type { DiffId, Digest, Image, Layer } from './types.ts';

export const DOCKER_MANIFEST = 'manifest.json';

type ImageParts = Pick<Image, 'names' | 'digest' | 'config' | 'layers'>;

/**
 * Reads one image of an archive made by `docker save` or `podman save`. `name` chooses among several.
 * The digest is that of the configuration.
 */
export async function readDockerArchive(files: ImageFiles, name: string | undefined): Promise<ImageParts> {
  if ((await files.sizeOf(DOCKER_MANIFEST)) === undefined) throw await noManifest(files);
  const manifest = parseDockerManifest(await readWhole(files, DOCKER_MANIFEST), DOCKER_MANIFEST);
  const item = choose(manifest, name);
  const json = await readWhole(files, item.Config);
  const digest = digestInName(item.Config);
  requireBytes(json, { subject: `configuration ${item.Config}`, digest });
  const config = parseImageConfig(json, item.Config);
  const names = item.Layers ?? [];
  if (names.length !== config.rootfs.diff_ids.length) {
    throw invalid(`the image has ${names.length} layers, its configuration ${config.rootfs.diff_ids.length}`);
  }
  const layers = await Promise.all(
    names.map((blob, at) => openBlob(files, blob, config.rootfs.diff_ids[at] as DiffId)),
  );
  return { names: item.RepoTags ?? [], digest: digestOf(json), config, layers };
}

type Item = DockerManifest[number];

function choose(manifest: DockerManifest, name: string | undefined): Item {
  const names = manifest.flatMap((item) => item.RepoTags ?? [item.Config]);
  if (name === undefined) {
    const [only, ...others] = manifest;
    if (!only) throw invalid('the archive holds no image');
    if (others.length > 0) throw ambiguousName(names);
    return only;
  }
  const found = manifest.find((item) => item.RepoTags?.some((tag) => isSameName(tag, name)) || item.Config === name);
  if (!found) throw unknownName(name, names);
  return found;
}

async function openBlob(files: ImageFiles, name: string, diffId: DiffId): Promise<Layer> {
  const sizeBytes = await files.sizeOf(name);
  if (sizeBytes === undefined) throw missing(name);
  return layerOf(files, {
    name,
    diffId,
    sizeBytes,
    digest: name.startsWith('blobs/') ? digestInName(name) : undefined,
  });
}

/** Configurations, and blobs of archives that are OCI layouts too, are named by their digests. */
function digestInName(name: string): Digest | undefined {
  return parseDigest(`sha256:${/([0-9a-f]{64})(?:\.json)?$/.exec(name)?.[1]}`);
}

async function noManifest(files: ImageFiles): Promise<TraceSlimError> {
  if ((await files.sizeOf('repositories')) === undefined) return missing(DOCKER_MANIFEST);
  return new TraceSlimError('IMAGE_INVALID', 'the archive was saved by a Docker older than 1.10', {
    hint: 'Load it into a current Docker or Podman and save it again.',
  });
}
