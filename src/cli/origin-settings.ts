import { TraceSlimError } from '../errors.ts';
import type { BuildSettings } from '../settings.ts';
import type { BuildOptions } from './build-options.ts';
import { readFatBuild } from './fat-build-settings.ts';
import type { Notice } from './probe-settings.ts';
import { readRunSettings } from './run-settings.ts';

export interface SettingsContext {
  readonly env: NodeJS.ProcessEnv;
  readonly notice: Notice;
}

/**
 * Which image, how it is run, and what has to be made for that: a name or a file, what is built from a Dockerfile, or a
 * service of a compose file.
 *
 * @throws USAGE_INVALID, CONFIG_INVALID
 */
export async function readOrigin(
  source: string | undefined,
  options: BuildOptions,
  context: SettingsContext,
): Promise<Pick<BuildSettings, 'source' | 'run' | 'preparation'>> {
  const run = await readRunSettings(options, context.env);
  const { dockerfile, composeFile } = options;
  if (composeFile !== undefined) {
    const { readComposeOrigin } = await import('./compose/origin.ts');
    return readComposeOrigin(source ?? options.target, { ...options, composeFile }, { ...context, run });
  }
  if (dockerfile === undefined) return { source: readSource(source, options.target), run };
  const build = readFatBuild(source ?? options.target, { ...options, dockerfile }, context.env);
  return { source: `docker-daemon:${build.name}`, run, preparation: { build } };
}

/** The image: an argument, or SlimToolkit's `--target`. */
export function readSource(source: string | undefined, target: string | undefined): string {
  const found = source ?? target;
  if (found !== undefined && found !== '' && (target === undefined || found === target)) return found;
  throw new TraceSlimError('USAGE_INVALID', found ? 'two images are given' : 'no image is given', {
    hint: 'name one, e.g. nginx:alpine, docker-archive:FILE or oci:DIR',
  });
}
