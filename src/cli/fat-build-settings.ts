import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { nameFromPath } from '../build/outputs.ts';
import { TraceSlimError } from '../errors.ts';
import type { FatBuildSettings } from '../settings.ts';
import type { FatBuildOptions } from './compose-options.ts';
import { parseNamed } from './values.ts';

/**
 * The image that `--dockerfile` has built first. Its folder is the argument, as with `docker build`. A file is looked for
 * in that folder first, as SlimToolkit does, then in the current one.
 *
 * @throws USAGE_INVALID
 */
export function readFatBuild(
  source: string | undefined,
  options: FatBuildOptions & { readonly dockerfile: string; readonly tag?: readonly string[] },
  env: NodeJS.ProcessEnv,
): FatBuildSettings {
  const { dockerfile, dockerfileContext, cboTarget: target, cboNetwork: network } = options;
  if (source !== undefined && dockerfileContext !== undefined) {
    throw new TraceSlimError('USAGE_INVALID', `${source} is given besides --dockerfile-context`, {
      hint: 'with --dockerfile the argument is the folder to build from',
    });
  }
  const contextDirectory = resolve(dockerfileContext ?? source ?? '.');
  const inContext = resolve(contextDirectory, dockerfile);
  return {
    contextDirectory,
    dockerfile: existsSync(inContext) ? inContext : resolve(dockerfile),
    name: options.tagFat ?? fatName(options.tag?.[0] ?? nameFromPath(contextDirectory)),
    isTemporary: options.deleteGeneratedFatImage ?? false,
    args: readBuildArgs(options.cboBuildArg ?? [], env),
    labels: parseNamed('--cbo-label', options.cboLabel ?? []),
    hosts: options.cboAddHost ?? [],
    cacheFrom: options.cboCacheFrom ?? [],
    ...(target === undefined ? {} : { target }),
    ...(network === undefined ? {} : { network }),
  };
}

/** `NAME=value`; a lone name has the value of this process, and is left out when that has none. */
export function readBuildArgs(texts: readonly string[], env: NodeJS.ProcessEnv): Record<string, string> {
  const given = texts.flatMap((text) => {
    if (text.includes('=')) return [text];
    return env[text] === undefined ? [] : [`${text}=${env[text]}`];
  });
  return parseNamed('--cbo-build-arg', given);
}

/** `app.fat:1` for `app:1`. */
function fatName(name: string): string {
  const [, repository = name, tag = ''] = /^(.+?)(:[^/:@]+)?$/.exec(name) ?? [];
  return `${repository}.fat${tag}`;
}
