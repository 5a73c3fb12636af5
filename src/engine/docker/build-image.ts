import { addAbortSignal, type Readable } from 'node:stream';
import type Docker from 'dockerode';
import { TraceSlimError } from '../../errors.ts';
import { formatPlatform } from '../../image/platform.ts';
import { parseImageName } from '../../image/reference.ts';
import type { FatBuildSettings } from '../../settings.ts';
import type { FindOptions } from '../types.ts';
import type { Daemon } from './api/connect.ts';
import { findCredentials } from './api/credentials.ts';
import { daemonError } from './api/errors.ts';
import { readNdjson } from './api/ndjson.ts';
import { type BuildContext, openBuildContext } from './build-context.ts';

/** Of a build that fails so many lines are shown. */
const SHOWN_LINES = 20;

/**
 * Lets the daemon build an image under a temporary name. Dockerfiles that need BuildKit are given to it. Errors:
 * IMAGE_INVALID with the last lines of a build that fails, USAGE_INVALID for files that are not there, NETWORK_FAILED and
 * the like.
 */
export async function buildImage(
  daemon: Daemon,
  name: string,
  settings: FatBuildSettings,
  options: FindOptions,
): Promise<void> {
  const context = await openBuildContext(settings.contextDirectory, settings.dockerfile);
  const request = { ...requestOf(settings, options), dockerfile: context.dockerfile, t: name };
  const registryconfig = await loginsFor(daemon, context.baseImages, options.signal);
  const build: Build = { daemon, context, settings, options };
  try {
    await attempt(build, { ...request, registryconfig, version: '1' });
  } catch (error) {
    if (!(error instanceof TraceSlimError) || !/BuildKit/i.test(error.message)) throw error;
    await attempt(build, { ...request, version: '2' });
  }
}

interface Build {
  readonly daemon: Daemon;
  readonly context: BuildContext;
  readonly settings: FatBuildSettings;
  readonly options: FindOptions;
}

async function attempt({ daemon, context, settings, options }: Build, request: Docker.ImageBuildOptions) {
  const { signal, progress } = options;
  const doing = `building ${settings.name}`;
  const lines: string[] = [];
  // The client library does not mind when what it sends breaks off.
  const sending = new AbortController();
  const archive = context.open().on('error', (error) => sending.abort(error));
  const abortSignal = AbortSignal.any([signal, sending.signal]);
  try {
    const stream = await daemon.docker.buildImage(archive, { ...request, abortSignal });
    for await (const message of readNdjson(addAbortSignal(abortSignal, stream as Readable), doing)) {
      const told = linesOf(message);
      lines.push(...told);
      lines.splice(0, lines.length - SHOWN_LINES);
      for (const line of told) progress(`${doing}: ${line}`);
    }
  } catch (error) {
    abortSignal.throwIfAborted();
    throw buildError(daemonError(error, doing), settings, lines);
  } finally {
    archive.destroy();
  }
}

/** What no reason is known for is a step of the Dockerfile that failed. */
function buildError(error: TraceSlimError, { dockerfile }: FatBuildSettings, lines: readonly string[]): TraceSlimError {
  const { code, message, hint, context, cause } = error;
  const log = lines.join('\n');
  if (code !== 'ENGINE_FAILED') {
    return new TraceSlimError(code, message, { context: { ...context, log }, cause, ...(hint ? { hint } : {}) });
  }
  return new TraceSlimError('IMAGE_INVALID', message, {
    hint: `Mend ${dockerfile}, or build the image by other means and name it.`,
    context: { ...context, dockerfile, log },
    cause,
  });
}

/** Text of the classic builder; a pull of a base image says how far it is. BuildKit's own form is not read. */
function linesOf({ stream, status, id, progress }: Record<string, unknown>): string[] {
  const text = typeof stream === 'string' ? stream : typeof status === 'string' ? [id, status, progress].join(' ') : '';
  return text
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function requestOf(settings: FatBuildSettings, { platform, pull }: FindOptions): Docker.ImageBuildOptions {
  const { args, labels, hosts, cacheFrom, target, network } = settings;
  return {
    buildargs: { ...args },
    labels: { ...labels },
    rm: true,
    forcerm: true,
    ...(pull === 'always' ? { pull: true } : {}),
    ...(hosts.length > 0 ? { extrahosts: hosts.join(',') } : {}),
    ...(cacheFrom.length > 0 ? { cachefrom: JSON.stringify(cacheFrom) } : {}),
    ...(target === undefined ? {} : { target }),
    ...(network === undefined ? {} : { networkmode: network }),
    ...(platform ? { platform: formatPlatform(platform) } : {}),
  };
}

/** The user's logins for the registries of the base images, as the daemon takes them: by the registry's address. */
async function loginsFor(daemon: Daemon, images: readonly string[], signal: AbortSignal) {
  const logins: Record<string, { username: string; password: string }> = {};
  for (const name of images.flatMap((image) => parseImageName(image) ?? [])) {
    const { credentials } = await findCredentials(name, { engine: daemon.name, signal });
    if (!credentials || !('username' in credentials)) continue;
    const { serveraddress, username, password } = credentials;
    logins[serveraddress] = { username, password };
  }
  return logins;
}
