import type { DiffId, Digest, History, ImageConfig, RuntimeConfig } from './types.ts';

export interface SlimConfigOptions {
  readonly diffId: DiffId;
  /** ISO 8601. */
  readonly created: string;
  /** This program's, for the history. */
  readonly version: string;
  /** The fat image's; its name may be empty. */
  readonly baseDigest: Digest;
  readonly baseName: string;
}

const BASE_DIGEST = 'org.opencontainers.image.base.digest';
const BASE_NAME = 'org.opencontainers.image.base.name';

/**
 * The slim image's configuration: the fat one's, keys unknown here included, with the one layer, a history entry for it,
 * and labels that say what it was made from. Source: OCI image-spec config.md, annotations.md.
 */
export function slimConfig(fat: ImageConfig, options: SlimConfigOptions): ImageConfig {
  const { diffId, created, version, baseDigest, baseName } = options;
  const labels = { ...fat.config?.Labels, [BASE_DIGEST]: baseDigest, ...(baseName ? { [BASE_NAME]: baseName } : {}) };
  const built: History = { created, created_by: 'trace-slim build', comment: `trace-slim ${version}` };
  return {
    ...fat,
    created,
    config: { ...fat.config, Labels: labels },
    rootfs: { type: 'layers', diff_ids: [diffId] },
    history: [...(fat.history ?? []).map((entry) => ({ ...entry, empty_layer: true })), built],
  };
}

/** The command line Docker would start: Entrypoint followed by Cmd. Empty when the image has neither. */
export function effectiveCommand({ Entrypoint, Cmd }: Pick<RuntimeConfig, 'Entrypoint' | 'Cmd'>): string[] {
  return [...(Entrypoint ?? []), ...(Cmd ?? [])];
}
