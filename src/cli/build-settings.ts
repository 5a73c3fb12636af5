import { TraceSlimError } from '../errors.ts';
import type { BuildSettings } from '../settings.ts';
import type { BuildOptions } from './build-options.ts';
import { readCheckSettings, readDisabledRules } from './check-settings.ts';
import { readConfigEdits } from './edit-settings.ts';
import { readEngineSettings } from './engine-settings.ts';
import { readKeepSettings } from './keep-settings.ts';
import { type Notice, readProbeSettings } from './probe-settings.ts';
import { readRunSettings } from './run-settings.ts';
import { parseCount } from './values.ts';

export { readCheckSettings, readEngineSettings, readProbeSettings, readRunSettings };

const MAX_ROUNDS = '5';

export interface SettingsContext {
  readonly env: NodeJS.ProcessEnv;
  readonly notice: Notice;
}

/**
 * The settings of `build` from its argument and options.
 *
 * @throws USAGE_INVALID
 */
export async function readBuildSettings(
  source: string | undefined,
  options: BuildOptions,
  { env, notice }: SettingsContext,
): Promise<BuildSettings> {
  const reportPath = readReportPath(options.report);
  return {
    source: readSource(source, options.target),
    engine: readEngineSettings(options),
    outputs: options.output ?? [],
    tags: options.tag ?? [],
    layers: options.layers ?? 'single',
    edits: readConfigEdits(options),
    run: await readRunSettings(options, env),
    probes: await readProbeSettings(options, notice),
    keep: { ...(await readKeepSettings(options, notice)), ...(await readDisabledRules(options)) },
    verify: options.verify ?? true,
    allowIncomplete: options.allowIncompleteTrace ?? false,
    maxRounds: parseCount('--max-rounds', options.maxRounds ?? MAX_ROUNDS, 0),
    checks: readCheckSettings(options),
    ...(reportPath === undefined ? {} : { reportPath }),
  };
}

/** The image: an argument, or SlimToolkit's `--target`. */
export function readSource(source: string | undefined, target: string | undefined): string {
  const found = source ?? target;
  if (found !== undefined && found !== '' && (target === undefined || found === target)) return found;
  throw new TraceSlimError('USAGE_INVALID', found ? 'two images are given' : 'no image is given', {
    hint: 'name one, e.g. nginx:alpine, docker-archive:FILE or oci:DIR',
  });
}

/** SlimToolkit writes no report with `--report=off`; here the one that `explain` reads is written all the same. */
export function readReportPath(report: string | undefined): string | undefined {
  return report === 'off' ? undefined : report;
}
