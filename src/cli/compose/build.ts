import { resolve } from 'node:path';
import { TraceSlimError } from '../../errors.ts';
import type { FatBuildSettings } from '../../settings.ts';
import type { FatBuildOptions } from '../compose-options.ts';
import { readBuildArgs } from '../fat-build-settings.ts';
import { parseNamed } from '../values.ts';
import type { ComposeService } from './service.ts';

interface BuildContext {
  readonly directory: string;
  /** Of an image that the service has no name for. */
  readonly name: string;
  readonly options: FatBuildOptions;
  readonly env: NodeJS.ProcessEnv;
}

/** How a service's image is built; undefined when it is not. Errors: CONFIG_INVALID. */
export function buildOf(service: ComposeService, context: BuildContext): FatBuildSettings | undefined {
  const { build, image } = service;
  if (build === undefined) return undefined;
  const { directory, name, options, env } = context;
  const { dockerfile = 'Dockerfile', dockerfile_inline: inline, target, network, ...rest } = full(build);
  if (inline !== undefined || /^[a-z+]+:\/\/|^git@/.test(rest.context)) {
    const what = inline === undefined ? rest.context : 'a Dockerfile inside the compose file';
    throw new TraceSlimError('CONFIG_INVALID', `${what} cannot be built from`, {
      hint: 'Let docker compose build it, and name the image with --target-compose-svc-image.',
    });
  }
  const contextDirectory = resolve(directory, rest.context);
  return {
    contextDirectory,
    dockerfile: resolve(contextDirectory, dockerfile),
    name: options.tagFat ?? image ?? name,
    isTemporary: options.deleteGeneratedFatImage ?? false,
    args: readBuildArgs([...(rest.args ?? []), ...(options.cboBuildArg ?? [])], env),
    labels: parseNamed('labels', rest.labels ?? []),
    hosts: (rest.extra_hosts ?? []).map((text) => text.replace('=', ':')),
    cacheFrom: rest.cache_from ?? [],
    ...(target === undefined ? {} : { target }),
    ...(network === undefined ? {} : { network }),
  };
}

type Build = NonNullable<ComposeService['build']>;

/** The short form with the keys of the long one. */
function full(build: Build): Extract<Build, { args?: unknown }> {
  return build;
}
