import { displayPath, type ImagePath } from '../rootfs/path.ts';
import type { RootFs } from '../rootfs/rootfs.ts';
import type { Permissions } from '../tar/edit-permissions.ts';
import { formatAmount, printable } from './format.ts';
import type { OwnerAndMode, PermissionEdit, Report } from './report.ts';

const MAX_SHOWN = 10;

/** What was changed of paths, for the report. */
export function permissionEdits(rootfs: RootFs, permissions: ReadonlyMap<ImagePath, Permissions>): PermissionEdit[] {
  return [...permissions]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([path, changes]) => {
      const entry = rootfs.get(path);
      if (!entry) return [];
      const fat = { mode: entry.mode, uid: entry.uid, gid: entry.gid };
      return [{ path: displayPath(path), fat, slim: { ...fat, ...changes } }];
    });
}

/** Lines for people; none when nothing was changed. */
export function formatPermissionEdits({ permissions }: Report): string[] {
  if (permissions.length === 0) return [];
  const shown = permissions.slice(0, MAX_SHOWN).map(({ path, fat, slim }) => {
    return `  ${printable(path)}: ${formatOwnerAndMode(fat)} is now ${formatOwnerAndMode(slim)}`;
  });
  const more = permissions.length > MAX_SHOWN ? [`  and ${permissions.length - MAX_SHOWN} more`] : [];
  return [`owner or mode changed of ${formatAmount(permissions.length, 'path')}`, ...shown, ...more];
}

function formatOwnerAndMode({ mode, uid, gid }: OwnerAndMode): string {
  return `${mode.toString(8).padStart(4, '0')} ${uid}:${gid}`;
}
