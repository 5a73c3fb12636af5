import { parsePlatform } from '../image/platform.ts';
import type { EngineSettings } from '../settings.ts';
import type { EngineOptions } from './build-options.ts';
import { invalid } from './values.ts';

const ENGINES = ['auto', 'docker', 'podman', 'local'] as const;

/** SlimToolkit's `--pull` is a switch. */
const PULL: Readonly<Record<string, EngineSettings['pull']>> = {
  missing: 'missing',
  always: 'always',
  never: 'never',
  true: 'missing',
  false: 'never',
};

/**
 * Which engine is wanted. Where the daemon is, when the options do not say, is found out by the engine.
 *
 * @throws USAGE_INVALID
 */
export function readEngineSettings(options: EngineOptions): EngineSettings {
  const { host, context, toolImage, tlsVerify, tlsCertPath } = options;
  const engine = ENGINES.find((known) => known === (options.engine ?? 'auto'));
  const pull = PULL[options.pull ?? 'missing'];
  const platform = options.platform === undefined ? undefined : parsePlatform(options.platform);
  if (!engine) throw invalid('--engine', options.engine ?? '', `use ${ENGINES.join(', ')}`);
  if (!pull) throw invalid('--pull', options.pull ?? '', 'use missing, always or never');
  if (options.platform !== undefined && !platform) {
    throw invalid('--platform', options.platform, 'use e.g. linux/amd64 or linux/arm64/v8');
  }
  const tls = { verify: tlsVerify ?? true, ...(tlsCertPath === undefined ? {} : { certDirectory: tlsCertPath }) };
  return {
    engine,
    pull,
    ...(host === undefined ? {} : { host }),
    ...(context === undefined ? {} : { context }),
    ...(toolImage === undefined ? {} : { toolImage }),
    ...(tlsVerify === undefined && tlsCertPath === undefined ? {} : { tls }),
    ...(platform ? { platform } : {}),
  };
}
