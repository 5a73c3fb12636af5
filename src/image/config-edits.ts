import type { ConfigEdits, RunSettings } from '../settings.ts';
import type { RuntimeConfig } from './types.ts';

/** What each key of `ConfigEdits.overrides` takes over from how the image was run. An entrypoint drops the CMD before it. */
const OVERRIDES: readonly (readonly [
  key: keyof RuntimeConfig,
  changes: (image: RuntimeConfig, run: RunSettings) => RuntimeConfig,
])[] = [
  [
    'Entrypoint',
    (_, { config }) => (config.Entrypoint === undefined ? {} : { Entrypoint: config.Entrypoint, Cmd: null }),
  ],
  ['Cmd', (_, { config }) => (config.Cmd === undefined ? {} : { Cmd: config.Cmd })],
  ['User', (_, { config }) => (config.User === undefined ? {} : { User: config.User })],
  ['WorkingDir', (_, { config }) => (config.WorkingDir === undefined ? {} : { WorkingDir: config.WorkingDir })],
  ['Env', (image, { env }) => editEnv(image, [], env)],
  ['ExposedPorts', (image, { config }) => editSet(image, 'ExposedPorts', [], Object.keys(config.ExposedPorts ?? {}))],
  ['Labels', (image, { container }) => editLabels(image, [], container.labels)],
  ['Volumes', (image, { container }) => editSet(image, 'Volumes', [], volumesOf(container))],
];

/**
 * A configuration with the user's edits: first what the image was run with, then removals, then additions. Keys that are
 * not edited keep their very value.
 */
export function editConfig(image: RuntimeConfig, edits: ConfigEdits, run: RunSettings): RuntimeConfig {
  let config: RuntimeConfig = { ...image };
  for (const [key, changes] of OVERRIDES) {
    if (edits.overrides.includes(key)) config = { ...config, ...changes(config, run) };
  }
  return {
    ...config,
    ...edits.set,
    ...editEnv(config, edits.removeEnv, edits.addEnv),
    ...editSet(config, 'ExposedPorts', edits.removePorts, edits.addPorts),
    ...editSet(config, 'Volumes', edits.removeVolumes, edits.addVolumes),
    ...editLabels(config, edits.removeLabels, edits.addLabels),
  };
}

/** What of a configuration its edits have changed; empty when there is nothing. */
export function changesBetween(image: RuntimeConfig, edited: RuntimeConfig): RuntimeConfig {
  return Object.fromEntries(Object.entries(edited).filter(([key, value]) => value !== image[key]));
}

/** Entries of an environment, of which the last one of a name counts, in the place of the first. */
export function mergeEnv(...sources: readonly (readonly string[] | undefined)[]): string[] {
  return [...new Map(sources.flatMap((entries) => entries ?? []).map((entry) => [nameOf(entry), entry])).values()];
}

function editEnv({ Env }: RuntimeConfig, remove: readonly string[], add: readonly string[]): RuntimeConfig {
  if (remove.length + add.length === 0) return {};
  const removed = new Set(remove.map(nameOf));
  return {
    Env: mergeEnv(
      Env?.filter((entry) => !removed.has(nameOf(entry))),
      add,
    ),
  };
}

function editSet(
  image: RuntimeConfig,
  key: 'ExposedPorts' | 'Volumes',
  remove: readonly string[],
  add: readonly string[],
): RuntimeConfig {
  if (remove.length + add.length === 0) return {};
  const left = Object.entries(image[key] ?? {}).filter(([name]) => !remove.includes(name));
  return { [key]: Object.fromEntries([...left, ...add.map((name): [string, object] => [name, {}])]) };
}

function editLabels(
  { Labels }: RuntimeConfig,
  remove: readonly string[],
  add: Readonly<Record<string, string>>,
): RuntimeConfig {
  if (remove.length + Object.keys(add).length === 0) return {};
  const left = Object.entries(Labels ?? {}).filter(([name]) => !remove.includes(name));
  return { Labels: { ...Object.fromEntries(left), ...add } };
}

function volumesOf({ mounts }: RunSettings['container']): string[] {
  return mounts.filter(({ type }) => type === 'volume').map(({ target }) => target);
}

function nameOf(entry: string): string {
  return entry.split('=', 1)[0] ?? '';
}
