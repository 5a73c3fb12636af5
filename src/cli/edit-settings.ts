import type { RuntimeConfig } from '../image/types.ts';
import type { ConfigEdits } from '../settings.ts';
import type { EditOptions } from './edit-options.ts';
import { parseWords } from './shell-words.ts';
import { invalid, parseNamed } from './values.ts';

/** SlimToolkit's words for keys of the configuration. */
const KEYS: Readonly<Record<string, keyof RuntimeConfig>> = {
  entrypoint: 'Entrypoint',
  cmd: 'Cmd',
  workdir: 'WorkingDir',
  env: 'Env',
  expose: 'ExposedPorts',
  volume: 'Volumes',
  label: 'Labels',
  user: 'User',
};

/**
 * What is changed in the slim image's configuration.
 *
 * @throws USAGE_INVALID
 */
export function readConfigEdits(options: EditOptions): ConfigEdits {
  const set: ConfigEdits['set'] = {};
  if (options.newEntrypoint !== undefined) set.Entrypoint = parseWords('--new-entrypoint', options.newEntrypoint);
  if (options.newCmd !== undefined) set.Cmd = parseWords('--new-cmd', options.newCmd);
  if (options.newWorkdir !== undefined) set.WorkingDir = absolute('--new-workdir', options.newWorkdir);
  return {
    overrides: readOverrides(options.imageOverrides ?? []),
    set,
    addEnv: Object.entries(parseNamed('--new-env', options.newEnv ?? [])).map(([name, value]) => `${name}=${value}`),
    addLabels: parseNamed('--new-label', options.newLabel ?? []),
    addPorts: (options.newExpose ?? []).map((text) => portKey('--new-expose', text)),
    addVolumes: (options.newVolume ?? []).map((text) => absolute('--new-volume', text)),
    removeEnv: options.removeEnv ?? [],
    removeLabels: options.removeLabel ?? [],
    removePorts: (options.removeExpose ?? []).map((text) => portKey('--remove-expose', text)),
    removeVolumes: options.removeVolume ?? [],
  };
}

function readOverrides(texts: readonly string[]): (keyof RuntimeConfig)[] {
  const words = texts.flatMap((text) => text.split(',')).map((word) => word.trim());
  if (words.includes('all')) return Object.values(KEYS);
  return [...new Set(words)].map((word) => {
    const key = KEYS[word];
    if (key) return key;
    throw invalid('--image-overrides', word, `use all, or some of ${Object.keys(KEYS).join(',')}`);
  });
}

/** As the configuration has it: with the protocol. */
function portKey(option: string, text: string): string {
  const [, digits = '', protocol = '/tcp'] = /^(\d{1,5})(\/(?:tcp|udp|sctp))?$/.exec(text) ?? [];
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw invalid(option, text, 'give a port such as 80 or 53/udp');
  return `${port}${protocol}`;
}

function absolute(option: string, path: string): string {
  if (path.startsWith('/')) return path;
  throw invalid(option, path, 'give an absolute path of the image');
}
