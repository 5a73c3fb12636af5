import type { RuntimeConfig } from '../image/types.ts';
import type { RunSettings } from '../settings.ts';

/**
 * The configuration a container is run with: the image's own with the user's overrides. As with `docker run`, another
 * entrypoint drops the image's Cmd, and exposed ports come on top of the image's.
 */
export function runConfig(image: RuntimeConfig, run: RunSettings): RuntimeConfig {
  const overrides = Object.fromEntries(Object.entries(run.config).filter(([, value]) => value !== undefined));
  const dropsCmd = overrides.Entrypoint !== undefined && overrides.Cmd === undefined;
  const ports = { ...image.ExposedPorts, ...run.config.ExposedPorts };
  return {
    ...image,
    ...(dropsCmd ? { Cmd: [] } : {}),
    ...overrides,
    ...(Object.keys(ports).length > 0 ? { ExposedPorts: ports } : {}),
  };
}
