import type { IncludeItem, KeepSettings, PathPermissions } from '../settings.ts';
import { INCLUDE_OPTIONS, type IncludeOption, type KeepOptions } from './keep-options.ts';
import { camelCase } from './option-rows.ts';
import { parsePathPermissions, splitPathPermissions } from './path-permissions.ts';
import type { Notice } from './probe-settings.ts';
import { parseCount, readOptionFile } from './values.ts';

/** What the user wants kept, dropped or changed. Files that options name are read here. */
export async function readKeepSettings(options: KeepOptions, notice: Notice): Promise<KeepSettings> {
  const found: Found = { includes: [], permissions: [] };
  for (const option of INCLUDE_OPTIONS) await readIncludeOption(option, options, found);
  if (options.preservePath ?? options.preservePathFile) {
    notice('--preserve-path is the same as --include-path: every file comes from the image as it was pulled');
  }
  found.includes.push(...(await readReports(options.includePathsCreportFile ?? [])), ...readAppLayers(options, notice));
  found.permissions.push(...(await readPermissions(options)));
  const { includes, permissions } = found;
  const excludes = options.excludePattern ?? [];
  return { includes, excludes, ...(permissions.length > 0 ? { permissions } : {}) };
}

interface Found {
  readonly includes: IncludeItem[];
  readonly permissions: PathPermissions[];
}

async function readIncludeOption(row: IncludeOption, options: KeepOptions, found: Found): Promise<void> {
  const { name, item: kind, itemValue = '' } = row;
  const option = `--${name}`;
  const given = (options as Readonly<Record<string, unknown>>)[camelCase(name)];
  const files = (options as Readonly<Record<string, readonly string[]>>)[camelCase(`${name}-file`)];
  if (given === true) found.includes.push({ option, kind, value: itemValue });
  if (typeof given === 'string') found.includes.push({ option, kind, value: checked(row, given) });
  const direct = Array.isArray(given) ? (given as readonly string[]) : [];
  const listed = row.hasFile ? await readLists(`${option}-file`, files ?? []) : [];
  for (const [source, values] of [
    [option, direct],
    [`${option}-file`, listed],
  ] as const) {
    for (const text of values) {
      const { path, ...permissions } = splitPathPermissions(source, text);
      found.includes.push({ option: source, kind, value: path });
      if (Object.keys(permissions).length > 0) found.permissions.push({ option: source, path, ...permissions });
    }
  }
}

function checked({ name, item }: IncludeOption, value: string): string {
  return item === 'layers' ? String(parseCount(`--${name}`, value, 1)) : value;
}

/** The instruction says where the layers of the application begin. */
function readAppLayers({ includeAppImageAll, appImageStartInstruction }: KeepOptions, notice: Notice): IncludeItem[] {
  if (includeAppImageAll) {
    return [{ option: '--include-app-image-all', kind: 'layers', value: appImageStartInstruction ?? '' }];
  }
  if (appImageStartInstruction !== undefined) {
    notice('--app-image-start-instruction says nothing without --include-app-image-all');
  }
  return [];
}

async function readPermissions({ pathPerms = [], pathPermsFile = [] }: KeepOptions): Promise<PathPermissions[]> {
  const listed = await readLists('--path-perms-file', pathPermsFile);
  return [
    ...pathPerms.map((text) => parsePathPermissions('--path-perms', text)),
    ...listed.map((text) => parsePathPermissions('--path-perms-file', text)),
  ];
}

async function readLists(option: string, files: readonly string[]): Promise<string[]> {
  if (files.length === 0) return [];
  const { parseIncludeFile } = await import('../keep/user-list.ts');
  const texts = await Promise.all(files.map((file) => readOptionFile(option, file)));
  return texts.flatMap((text) => parseIncludeFile(text.toString('utf8')));
}

async function readReports(files: readonly string[]): Promise<IncludeItem[]> {
  if (files.length === 0) return [];
  const { readContainerReport } = await import('./container-report.ts');
  const lists = await Promise.all(files.map((file) => readContainerReport(file)));
  return lists.flat().map((value) => ({ option: '--include-paths-creport-file', kind: 'entry', value }));
}
