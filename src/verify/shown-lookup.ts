import type { Alteration } from '../keep/alterations.ts';
import type { MissedPath } from '../keep/missed.ts';
import type { AlteredPath, Lookup, Miss } from '../report/report.ts';
import { displayPath, type ImagePath } from '../rootfs/path.ts';
import type { Access } from '../trace/trace.ts';

/** An access as the report shows it. */
export function shownLookup({ asked, syscall, errno, executable, phase }: Access): Lookup {
  const shownExecutable = executable ? displayPath(executable) : null;
  return { path: displayPath(asked), syscall, errno: errno ?? '', executable: shownExecutable, phase };
}

/** A miss as the report shows it; `excluded` tells which pattern of the user has taken out what it needs. */
export function shownMiss(missed: MissedPath, excluded?: ReadonlyMap<ImagePath, string>): Miss {
  const { kind, path, needed, lacks, altered, access } = missed;
  const excludedBy = needed.map((needs) => excluded?.get(needs)).find((pattern) => pattern !== undefined) ?? null;
  return {
    ...shownLookup(access),
    path: displayPath(path),
    kind,
    lacks: lacks.map(displayPath),
    altered: altered.map(shownAlteration),
    excludedBy,
  };
}

/** What a path is otherwise, as the report shows it. */
export function shownAlteration({ path, what, fat, slim }: Alteration): AlteredPath {
  return { path: displayPath(path), what, fat: displayPath(fat), slim: displayPath(slim) };
}
