import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { errnoOf, TraceSlimError } from '../errors.ts';
import { filesOfArchive } from './archive-files.ts';
import { digestOf } from './digest.ts';
import { DOCKER_MANIFEST, readDockerArchive } from './docker-archive.ts';
import { filesOfDirectory, type ImageFiles } from './image-files.ts';
import { OCI_INDEX, readOciLayout } from './oci.ts';
import { hostPlatform, isPlatform, unsupportedPlatform } from './platform.ts';
import { type PathAndName, parseLocation, splitPathAndName, type Transport } from './reference.ts';
import type { Image, ImageConfig, Platform } from './types.ts';

export interface OpenImageOptions {
  readonly signal: AbortSignal;
  /** Chosen from an index; default: what this host runs. An image that states another is refused only when given. */
  readonly platform?: Platform | undefined;
}

/**
 * Opens `docker-archive:FILE[:NAME]`, `oci:DIR[:NAME]`, `oci-archive:FILE[:NAME]`, `rootfs:DIR` or a bare path to one of
 * the first three. Reads headers, manifests and configurations only; layers are read when opened. Close the image after use.
 * Fails with IMAGE_NOT_FOUND, IMAGE_INVALID, DIGEST_MISMATCH, LAYER_UNSUPPORTED, PLATFORM_UNSUPPORTED or USAGE_INVALID.
 */
export async function openImage(source: string, options: OpenImageOptions): Promise<Image> {
  const { transport, rest } = parseLocation(source);
  if (transport === 'rootfs') return openRootfs(source, rest);
  const location = await locate(source, rest, transport);
  try {
    return await openLocated(source, transport, location, options);
  } catch (error) {
    throw withSource(error, source);
  }
}

async function openLocated(
  source: string,
  transport: Transport | undefined,
  location: Location,
  options: OpenImageOptions,
): Promise<Image> {
  const files = location.isDirectory ? filesOfDirectory(location.path) : await filesOfArchive(location.path, options);
  try {
    const format = transport ?? (await detectFormat(files, location));
    return await openFrom(files, { source, format, location, options });
  } catch (error) {
    await files[Symbol.asyncDispose]();
    throw error;
  }
}

interface Location extends PathAndName {
  readonly isDirectory: boolean;
}

async function openFrom(
  files: ImageFiles,
  opened: { source: string; format: Transport; location: Location; options: OpenImageOptions },
): Promise<Image> {
  const wanted = opened.options.platform ?? hostPlatform();
  const parts =
    opened.format === 'docker-archive'
      ? await readDockerArchive(files, opened.location.name)
      : await readOciLayout(files, opened.location.name, wanted);
  const platform = platformOf(parts.config);
  const isWrong = opened.options.platform ? !isPlatform(platform, wanted) : platform.os !== wanted.os;
  if (isWrong) throw unsupportedPlatform(opened.source, [platform], wanted);
  return {
    source: opened.source,
    location: { transport: opened.format, path: opened.location.path },
    ...parts,
    platform,
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
}

/** What is wrong inside an archive does not know which archive it is in. */
function withSource(error: unknown, source: string): unknown {
  if (!(error instanceof TraceSlimError) || error.message.includes(source)) return error;
  const { code, hint, context } = error;
  return new TraceSlimError(code, `${source}: ${error.message}`, { ...(hint ? { hint } : {}), context, cause: error });
}

function platformOf({ os, architecture, variant }: ImageConfig): Platform {
  return { os, architecture, ...(variant ? { variant } : {}) };
}

/** The longest path that exists wins: file names may have colons. */
async function locate(source: string, rest: string, transport: Transport | undefined): Promise<Location> {
  for (const split of splitPathAndName(rest)) {
    const stats = await statOrMissing(split.path);
    if (!stats) continue;
    requireKind(split.path, transport, stats.isDirectory());
    return { ...split, isDirectory: stats.isDirectory() };
  }
  throw notFound(source, rest, transport);
}

function requireKind(path: string, transport: Transport | undefined, isDirectory: boolean): void {
  if (transport === undefined || isDirectory === (transport === 'oci')) return;
  const right = isDirectory ? `oci:${path} or rootfs:${path}` : `docker-archive:${path} or oci-archive:${path}`;
  throw new TraceSlimError('USAGE_INVALID', `${path} is ${isDirectory ? 'a directory' : 'no directory'}`, {
    hint: `Try ${right}`,
  });
}

async function detectFormat(files: ImageFiles, { path, isDirectory }: Location): Promise<Transport> {
  if ((await files.sizeOf(DOCKER_MANIFEST)) !== undefined && !isDirectory) return 'docker-archive';
  if ((await files.sizeOf(OCI_INDEX)) !== undefined) return isDirectory ? 'oci' : 'oci-archive';
  if (!isDirectory && (await files.sizeOf('repositories')) !== undefined) return 'docker-archive';
  throw new TraceSlimError('IMAGE_INVALID', `${path} holds no container image`, {
    hint: isDirectory
      ? `If it is a root file system, say so: rootfs:${path}`
      : 'Give what docker save, podman save or skopeo copy writes; unpack a plain root file system and use rootfs:DIR.',
  });
}

async function openRootfs(source: string, directory: string): Promise<Image> {
  const stats = await statOrMissing(directory);
  if (!stats) throw notFound(source, directory, 'rootfs');
  if (!stats.isDirectory()) {
    throw new TraceSlimError('USAGE_INVALID', `${directory} is no directory`, { hint: 'Unpack it first.' });
  }
  const platform = hostPlatform();
  const config: ImageConfig = { ...platform, config: {}, rootfs: { type: 'layers', diff_ids: [] } };
  return {
    source,
    location: { transport: 'rootfs', path: directory },
    names: [],
    digest: digestOf(JSON.stringify(config)),
    config,
    platform,
    layers: [],
    rootfsDirectory: resolve(directory),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function statOrMissing(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(errnoOf(error) ?? '')) return undefined;
    throw new TraceSlimError('PERMISSION_DENIED', `cannot reach ${path}`, {
      hint: 'Run as a user who may read it.',
      cause: error,
    });
  }
}

function notFound(source: string, rest: string, transport: Transport | undefined): TraceSlimError {
  const looksLikeName = transport === undefined && !rest.startsWith('/') && !rest.startsWith('.');
  const archive = `${(rest.split('/').pop() ?? rest).replace(/[:@].*/, '')}.tar`;
  return new TraceSlimError('IMAGE_NOT_FOUND', `there is no image at ${source}`, {
    hint:
      looksLikeName && !rest.endsWith('.tar')
        ? `Images are read from archives; make one: docker save ${rest} -o ${archive}`
        : `Check the path ${join(rest)}.`,
  });
}
