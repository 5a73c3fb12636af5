import type { ImagePath } from '../rootfs/path.ts';
import type { KeepSet } from './keep-set.ts';
import { isMountedOver, reach } from './reach.ts';
import type { ImageFacts, Rule } from './rule.ts';

/** Paths looked at together: enough to hide the latency of reads. */
const BATCH = 32;

interface ClosureOptions {
  readonly image: ImageFacts;
  readonly rules: readonly Rule[];
  /** The kept paths to start from. */
  readonly from: readonly ImagePath[];
  readonly signal: AbortSignal;
}

/** Applies the rules to kept paths, and to what they add, until nothing is added. */
export async function closeOver(keep: KeepSet, { image, rules, from, signal }: ClosureOptions): Promise<void> {
  for (let wave = from; wave.length > 0; ) {
    const added: ImagePath[] = [];
    for (let at = 0; at < wave.length; at += BATCH) {
      signal.throwIfAborted();
      const batch = wave.slice(at, at + BATCH);
      const consequences = await Promise.all(batch.map((path) => consequencesOf(path, image, rules)));
      for (const { path, rule, from } of consequences.flat()) {
        if (keep.add(path, { kind: 'rule', rule: rule.id, because: rule.because, from })) added.push(path);
      }
    }
    wave = added;
  }
}

interface Consequence {
  readonly path: ImagePath;
  readonly rule: Rule;
  readonly from: ImagePath;
}

async function consequencesOf(from: ImagePath, image: ImageFacts, rules: readonly Rule[]): Promise<Consequence[]> {
  const entry = image.rootfs.get(from);
  if (!entry) return [];
  const consequences: Consequence[] = [];
  const program = await image.programs.read(entry);
  for (const rule of rules) {
    const followed = rule.follow(entry, program, image);
    for (const text of followed instanceof Promise ? await followed : followed) {
      for (const path of reach(image.rootfs, text)) {
        if (path !== from && !isMountedOver(path)) consequences.push({ path, rule, from });
      }
    }
  }
  return consequences;
}
