import { wayOf } from '../keep/traced.ts';
import type { ProbeReport, Suspicion } from '../report/report.ts';
import type { ImagePath } from '../rootfs/path.ts';
import type { RootFs } from '../rootfs/rootfs.ts';
import type { Access } from '../trace/trace.ts';
import { shownLookup } from './shown-lookup.ts';

const MAX_LOOKUPS = 20;

interface SuspicionInput {
  readonly fatRootfs: RootFs;
  readonly fatAccesses: readonly Access[];
  readonly accesses: readonly Access[];
}

/**
 * The smallest of the probes that differ, and the look-ups that have failed during it on the slim image and not so on the
 * fat one: of paths that the fat image has, if there are any. Where its own phase has none, those of the whole run.
 */
export function suspicionOf(
  probes: readonly ProbeReport[],
  { fatRootfs, fatAccesses, accesses }: SuspicionInput,
): Suspicion | null {
  const [smallest] = probes.filter(({ equal }) => equal === false).sort((a, b) => sizeOf(a) - sizeOf(b));
  if (!smallest) return null;
  const all = newFailures(fatAccesses, accesses);
  const telling = all.filter((access) => wayOf(fatRootfs, access).entry !== undefined);
  const failures = telling.length > 0 ? telling : all;
  const during = failures.filter(({ phase }) => phase === smallest.probe);
  const lookups = (during.length > 0 ? during : failures).slice(0, MAX_LOOKUPS).map(shownLookup);
  return { probe: smallest.probe, lookups };
}

/** How much there is to read: what differs, then what was shown at all. */
function sizeOf({ fat, differences }: ProbeReport): number {
  const shown = fat.facts.reduce((sum, { value }) => sum + value.length, 0);
  return differences.reduce((sum, { diff }) => sum + diff.length, 0) * 1e9 + shown;
}

/** Failed look-ups of paths that did not fail in the same way on the fat image, each path once. */
function newFailures(fatAccesses: readonly Access[], accesses: readonly Access[]): Access[] {
  const known = new Set(fatAccesses.filter(({ errno }) => errno !== undefined).map(keyOf));
  const found = new Map<ImagePath, Access>();
  for (const access of accesses) {
    if (access.errno === undefined || known.has(keyOf(access)) || found.has(access.asked)) continue;
    found.set(access.asked, access);
  }
  return [...found.values()];
}

function keyOf({ asked, errno }: Access): string {
  return `${errno} ${asked}`;
}
