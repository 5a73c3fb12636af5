import { resolvePath } from '../rootfs/resolve.ts';
import { closeOver } from './closure.ts';
import { KeepSet } from './keep-set.ts';
import type { MissedPath } from './missed.ts';
import type { ImageFacts } from './rule.ts';
import { RULES } from './rules/rules.ts';

/** What the kernel needs besides a program itself to start it, and what it leads through. */
const STARTING = new Set(['parent-of', 'link-target', 'elf-interpreter', 'shebang']);

/**
 * Names the missing loader or interpreter where all of a program is there and it could not be started: nothing has looked
 * that up but the kernel.
 */
export async function nameInterpreters(
  misses: readonly MissedPath[],
  image: ImageFacts,
  { keep, signal }: { keep: Pick<KeepSet, 'has'>; signal: AbortSignal },
): Promise<MissedPath[]> {
  const rules = RULES.filter(({ id }) => STARTING.has(id));
  const named = misses.map(async (miss): Promise<MissedPath> => {
    const { entry } = resolvePath(image.rootfs, miss.path);
    if (miss.access.operation !== 'execute' || miss.lacks.length > 0 || !entry) return miss;
    const needed = new KeepSet();
    needed.add(entry.path, { kind: 'rule', rule: 'shebang', because: 'started' });
    await closeOver(needed, { image, rules, from: [entry.path], signal });
    return { ...miss, lacks: needed.paths().filter((path) => !keep.has(path)) };
  });
  return Promise.all(named);
}
