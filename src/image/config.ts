import type { DiffId, Digest, History, ImageConfig, RuntimeConfig } from './types.ts';

export interface SlimConfigOptions {
  /** Oldest first. `original` is the number of the fat image's layer that a layer was made from, if it is only one. */
  readonly layers: readonly { readonly diffId: DiffId; readonly original?: number }[];
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
 * The slim image's configuration: the fat one's, keys unknown here included, with the slim layers, a history that tells
 * where they come from, and labels that say what it was made from. Source: OCI image-spec config.md, annotations.md.
 */
export function slimConfig(fat: ImageConfig, options: SlimConfigOptions): ImageConfig {
  const { layers, created, version, baseDigest, baseName } = options;
  const labels = { ...fat.config?.Labels, [BASE_DIGEST]: baseDigest, ...(baseName ? { [BASE_NAME]: baseName } : {}) };
  const built: History = { created, created_by: 'trace-slim build', comment: `trace-slim ${version}` };
  return {
    ...fat,
    created,
    config: { ...fat.config, Labels: labels },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: historyOf(fat, layers, built),
  };
}

/** Entries of the fat image's history stay those of the layers that are left of it; for all other layers there is a new one. */
function historyOf(fat: ImageConfig, layers: SlimConfigOptions['layers'], built: History): History[] {
  const history = fat.history ?? [];
  const isWhole = history.filter((entry) => !entry.empty_layer).length === fat.rootfs.diff_ids.length;
  const left = new Set(isWhole ? layers.map(({ original }) => original) : []);
  let number = 0;
  const kept = history.map((entry) => {
    const isLeft = !entry.empty_layer && left.has(number++);
    return isLeft ? entry : { ...entry, empty_layer: true };
  });
  const unnamed = layers.filter(({ original }) => !isWhole || original === undefined);
  return [...kept, ...(unnamed.length === 0 ? [{ ...built, empty_layer: true }] : unnamed.map(() => built))];
}

/** The command line Docker would start: Entrypoint followed by Cmd. Empty when the image has neither. */
export function effectiveCommand({ Entrypoint, Cmd }: Pick<RuntimeConfig, 'Entrypoint' | 'Cmd'>): string[] {
  return [...(Entrypoint ?? []), ...(Cmd ?? [])];
}
