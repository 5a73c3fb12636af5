import type { MissedPath } from '../keep/missed.ts';
import type { Lookup, Miss } from '../report/report.ts';
import { displayPath, type ImagePath } from '../rootfs/path.ts';
import type { Access } from '../trace/trace.ts';

/** An access as the report shows it. */
export function shownLookup({ asked, syscall, errno, executable, phase }: Access): Lookup {
  const shownExecutable = executable ? displayPath(executable) : null;
  return { path: displayPath(asked), syscall, errno: errno ?? '', executable: shownExecutable, phase };
}

/** A miss as the report shows it; `excluded` tells which pattern of the user has taken out what it needs. */
export function shownMiss({ kind, path, needed, access }: MissedPath, excluded?: ReadonlyMap<ImagePath, string>): Miss {
  const excludedBy = needed.map((needs) => excluded?.get(needs)).find((pattern) => pattern !== undefined) ?? null;
  return { ...shownLookup(access), path: displayPath(path), kind, excludedBy };
}
