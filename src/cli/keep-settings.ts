import type { IncludeItem, KeepSettings } from '../settings.ts';
import type { KeepOptions } from './build-options.ts';
import type { Notice } from './probe-settings.ts';
import { readOptionFile } from './values.ts';

/** The options that name what to keep: given directly, or as a file with one a line. */
const INCLUDE_OPTIONS = [
  { option: '--include-path', kind: 'path', key: 'includePath' },
  { option: '--include-bin', kind: 'binary', key: 'includeBin' },
  { option: '--include-exe', kind: 'executable', key: 'includeExe' },
  { option: '--preserve-path', kind: 'path', key: 'preservePath' },
] as const;

/** What the user wants kept or dropped. Files that options name are read here. */
export async function readKeepSettings(options: KeepOptions, notice: Notice): Promise<KeepSettings> {
  const includes: IncludeItem[] = [];
  for (const { option, kind, key } of INCLUDE_OPTIONS) {
    const direct = (options[key] ?? []).map((value) => ({ option, kind, value }));
    const listed = await readListed(`${option}-file`, kind, options[`${key}File`] ?? []);
    includes.push(...[...direct, ...listed].map((item) => withoutPermissions(item, notice)));
  }
  if (options.preservePath ?? options.preservePathFile) {
    notice('--preserve-path is the same as --include-path: every file comes from the image as it was pulled');
  }
  if (options.includeShell) includes.push({ option: '--include-shell', kind: 'shell', value: '' });
  return { includes, excludes: options.excludePattern ?? [] };
}

async function readListed(option: string, kind: IncludeItem['kind'], paths: readonly string[]): Promise<IncludeItem[]> {
  if (paths.length === 0) return [];
  const { parseIncludeFile } = await import('../keep/user-list.ts');
  const texts = await Promise.all(paths.map((path) => readOptionFile(option, path)));
  return texts.flatMap((text) => parseIncludeFile(text.toString('utf8'))).map((value) => ({ option, kind, value }));
}

/** SlimToolkit's `PATH:octal#uid#gid`: the path counts, owner and mode stay the image's. */
function withoutPermissions(item: IncludeItem, notice: Notice): IncludeItem {
  const [, path] = /^(\/.*):[0-7]{3,5}(?:#\d*){0,2}$/.exec(item.value) ?? [];
  if (path === undefined) return item;
  notice(`${item.option} ${item.value}: mode and owner stay as they are in the image`);
  return { ...item, value: path };
}
