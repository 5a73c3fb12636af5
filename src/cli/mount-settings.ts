import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { MountSettings } from '../settings.ts';
import { invalid, parseSize } from './values.ts';

const VOLUME_HINT = 'use SOURCE:TARGET[:ro] with an absolute TARGET';
const MOUNT_HINT = 'use SOURCE:TARGET[:ro], or type=bind|volume|tmpfs,source=…,target=…[,readonly]';
const TMPFS_HINT = 'use PATH[:size=64m,mode=1777] with an absolute PATH';

/** Third parts of a volume that change nothing here: labels of SELinux, caches of Docker Desktop. */
const NO_MATTER = new Set(['rw', 'z', 'Z', 'cached', 'delegated', 'consistent', 'nocopy']);

/** The keys of `docker run --mount`, with their other names. Keys that change nothing here are accepted. */
const KEYS: Readonly<Record<string, keyof Fields | 'ignored'>> = {
  type: 'type',
  source: 'source',
  src: 'source',
  target: 'target',
  dst: 'target',
  destination: 'target',
  readonly: 'readonly',
  ro: 'readonly',
  'tmpfs-size': 'size',
  'tmpfs-mode': 'mode',
  consistency: 'ignored',
  'bind-propagation': 'ignored',
  'volume-nocopy': 'ignored',
};

interface Fields {
  type?: string;
  source?: string;
  target?: string;
  readonly?: string;
  size?: string;
  mode?: string;
}

/** `--mount` in Docker's words, or `HOST:CONTAINER[:ro]` as SlimToolkit has it. Errors: USAGE_INVALID. */
export function parseMount(option: string, text: string): MountSettings {
  if (!/^[a-z-]+(?:=|,|$)/.test(text)) return parseVolume(option, text);
  const { type = 'volume', source = '', target = '', readonly, size, mode } = fieldsOf(option, text);
  checkTarget(target, option, text, MOUNT_HINT);
  if (type === 'tmpfs') return tmpfs(option, text, target, { size, mode });
  if (type !== 'bind' && type !== 'volume') throw invalid(option, text, MOUNT_HINT);
  if (type === 'bind' && source === '') throw invalid(option, text, 'a bind mount needs source=PATH');
  const readOnly = readonly !== undefined && readonly !== 'false' && readonly !== '0';
  return { type, source: type === 'bind' ? hostPathOf(source) : source, target, readOnly };
}

/** `HOST:CONTAINER[:ro]`, `NAME:CONTAINER`, or a path in the container for a new volume. Errors: USAGE_INVALID. */
export function parseVolume(option: string, text: string): MountSettings {
  const parts = text.split(':');
  const [source, target = '', flags = ''] = parts.length === 1 ? ['', text] : parts;
  checkTarget(target, option, text, VOLUME_HINT);
  const options = flags.split(',').filter((flag) => flag !== '' && !NO_MATTER.has(flag));
  if (parts.length > 3 || options.some((flag) => flag !== 'ro')) throw invalid(option, text, VOLUME_HINT);
  const readOnly = options.includes('ro');
  if (source === undefined || source === '') return { type: 'volume', source: '', target, readOnly };
  const isPath = /^[./~]/.test(source) || source.includes('/');
  return { type: isPath ? 'bind' : 'volume', source: isPath ? hostPathOf(source) : source, target, readOnly };
}

/** `PATH[:size=…,mode=…]`; other options of tmpfs(5) change nothing here. Errors: USAGE_INVALID. */
export function parseTmpfs(option: string, text: string): MountSettings {
  const [target = '', options = ''] = text.split(/:(.*)/s);
  checkTarget(target, option, text, TMPFS_HINT);
  const optionOf = (name: string) => new RegExp(`(?:^|,)${name}=([^,]*)`).exec(options)?.[1];
  return tmpfs(option, text, target, { size: optionOf('size'), mode: optionOf('mode') });
}

function tmpfs(
  option: string,
  text: string,
  target: string,
  { size, mode }: { size: string | undefined; mode: string | undefined },
): MountSettings {
  if (mode !== undefined && !/^[0-7]{1,5}$/.test(mode)) throw invalid(option, text, 'give the mode in octal: 1777');
  return {
    type: 'tmpfs',
    target,
    ...(size === undefined ? {} : { sizeBytes: parseSize(option, size) }),
    ...(mode === undefined ? {} : { mode: Number.parseInt(mode, 8) }),
  };
}

/** Fields are separated by commas; one that holds a comma itself stands in double quotes. */
function fieldsOf(option: string, text: string): Fields {
  const fields: Fields = {};
  for (const quoted of text.match(/"(?:[^"]|"")*"|[^,]+/g) ?? []) {
    const field = quoted.startsWith('"') ? quoted.slice(1, -1).replaceAll('""', '"') : quoted;
    const [name = '', value = ''] = field.split(/=(.*)/s);
    const key = KEYS[name.trim().toLowerCase()];
    if (key === undefined) throw invalid(option, text, MOUNT_HINT);
    if (key !== 'ignored') fields[key] = value;
  }
  return fields;
}

function checkTarget(target: string, option: string, text: string, hint: string): void {
  if (!target.startsWith('/')) throw invalid(option, text, hint);
}

function hostPathOf(source: string): string {
  return resolve(source.replace(/^~(?=\/|$)/, homedir()));
}
