import type { BuildSettings } from '../settings.ts';
import type { BuildOptions } from './build-options.ts';
import { readCheckSettings, readDisabledRules } from './check-settings.ts';
import { readConfigEdits } from './edit-settings.ts';
import { readEngineSettings } from './engine-settings.ts';
import { readKeepSettings } from './keep-settings.ts';
import { readOrigin, readSource, type SettingsContext } from './origin-settings.ts';
import { readProbeSettings } from './probe-settings.ts';
import { readRunSettings } from './run-settings.ts';
import { parseCount } from './values.ts';

export { readCheckSettings, readEngineSettings, readProbeSettings, readRunSettings, readSource };

const MAX_ROUNDS = '5';

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
    ...(await readOrigin(source, options, { env, notice })),
    engine: readEngineSettings(options),
    outputs: options.output ?? [],
    tags: options.tag ?? [],
    layers: options.layers ?? 'single',
    edits: readConfigEdits(options),
    probes: await readProbeSettings(options, notice),
    keep: { ...(await readKeepSettings(options, notice)), ...(await readDisabledRules(options)) },
    verify: options.verify ?? true,
    allowIncomplete: options.allowIncompleteTrace ?? false,
    maxRounds: parseCount('--max-rounds', options.maxRounds ?? MAX_ROUNDS, 0),
    checks: readCheckSettings(options),
    ...(reportPath === undefined ? {} : { reportPath }),
  };
}

/** SlimToolkit writes no report with `--report=off`; here the one that `explain` reads is written all the same. */
export function readReportPath(report: string | undefined): string | undefined {
  return report === 'off' ? undefined : report;
}
