import { existsSync } from 'node:fs';
import { lstat, mkdir, rename, rm, utimes } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { errnoOf } from '../../errors.ts';
import { type ImagePath, parentOf, ROOT } from '../../rootfs/path.ts';
import { extractTar } from './layer-cache.ts';
import { packPaths } from './pack.ts';

/** A layer's folder and what that does not show. */
export interface DescribedLayer {
  /** In the layers' folder, or absolute. */
  readonly name: string;
  readonly facts: {
    readonly implicitDirectories: readonly ImagePath[];
    readonly opaqueDirectories: readonly ImagePath[];
  };
}

/**
 * A layer may put something into a directory of a lower layer without an entry for the directory itself, which then keeps
 * its owner, mode and time. Overlayfs shows what the topmost layer has, so such directories are copied, as the lower layer
 * has them, into one more folder to be put on top. Made once for each stack of layers; gives its name in the layers' folder,
 * or undefined when there are none.
 */
export async function ensureInheritedDirectories(
  layersDirectory: string,
  describe: () => Promise<readonly DescribedLayer[]>,
  chain: string,
  options: { signal: AbortSignal },
): Promise<string | undefined> {
  const name = `${chain}.inherited`;
  const folder = join(layersDirectory, name);
  // The folder may be empty: then it tells what the root is like.
  const noneNeeded = `${folder}.none`;
  if (existsSync(folder)) return name;
  if (existsSync(noneNeeded)) return undefined;
  const unfinished = `${folder}.new-${process.pid}`;
  try {
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { mode: 0o755 });
    const layers = await describe();
    const isNeeded = await copyInheritedDirectories(layersDirectory, layers, unfinished, options);
    await rename(unfinished, isNeeded ? folder : noneNeeded).catch(unlessThere);
    return isNeeded ? name : undefined;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** Another process was faster; what it made is as good. */
function unlessThere(error: unknown): void {
  const errno = errnoOf(error);
  if (errno !== 'ENOTEMPTY' && errno !== 'EEXIST') throw error;
}

async function copyInheritedDirectories(
  layersDirectory: string,
  layers: readonly DescribedLayer[],
  folder: string,
  options: { signal: AbortSignal },
): Promise<boolean> {
  const stack = layers.map(({ name, facts }) => ({
    directory: resolve(layersDirectory, name),
    implicit: new Set(facts.implicitDirectories),
    opaque: new Set(facts.opaqueDirectories),
  }));
  const owners = await ownersOf(stack, options.signal);
  if (owners.size > 0) {
    await extractTar(Readable.from(packed(stack, owners, options), { objectMode: false }), folder, options);
  }
  // Where no layer says what the root is like, its folder shows when it was unpacked.
  const isRootImplied = stack.every(({ implicit }) => implicit.has(ROOT));
  if (isRootImplied) await utimes(folder, 0, 0);
  return owners.size > 0 || isRootImplied;
}

async function* packed(
  stack: readonly StackedLayer[],
  owners: ReadonlyMap<ImagePath, StackedLayer>,
  options: { signal: AbortSignal },
): AsyncGenerator<Buffer> {
  const paths = [...owners.keys()].sort();
  for (const layer of stack) {
    const owned = paths.filter((path) => owners.get(path) === layer);
    if (owned.length > 0) yield* packPaths(layer.directory, owned, options);
  }
}

interface StackedLayer {
  readonly directory: string;
  readonly implicit: ReadonlySet<ImagePath>;
  readonly opaque: ReadonlySet<ImagePath>;
}

/** The inherited directories and all above them, each with the layer whose entry of it holds. */
async function ownersOf(stack: readonly StackedLayer[], signal: AbortSignal): Promise<Map<ImagePath, StackedLayer>> {
  const owners = new Map<ImagePath, StackedLayer>();
  for (const path of new Set(stack.flatMap(({ implicit }) => [...implicit]))) {
    signal.throwIfAborted();
    const { top, owner } = await holders(path, stack);
    if (!owner || owner === top) continue;
    for (const each of withParents(path)) {
      if (owners.has(each)) continue;
      const holder = await holders(each, stack);
      const holding = holder.owner ?? holder.top;
      if (holding) owners.set(each, holding);
    }
  }
  return owners;
}

/** The topmost layer that has a visible directory, and the one that says what it is like. */
async function holders(
  path: ImagePath,
  stack: readonly StackedLayer[],
): Promise<{ top?: StackedLayer; owner?: StackedLayer }> {
  let top: StackedLayer | undefined;
  for (const layer of stack) {
    const kind = await kindOf(path, layer);
    if (kind === 'other') break;
    const isCut = withParents(path).some((each) => layer.opaque.has(each));
    if (kind === 'directory') {
      top ??= layer;
      if (isCut || !layer.implicit.has(path)) return { top, owner: layer };
    }
    if (isCut) break;
  }
  return top ? { top } : {};
}

/** Goes down one name at a time: a link on the way must not be followed on this host. */
async function kindOf(path: ImagePath, layer: StackedLayer): Promise<'directory' | 'absent' | 'other'> {
  for (const each of withParents(path).reverse()) {
    const facts = await lstat(onDisk(layer.directory, each)).catch(() => undefined);
    if (!facts) return 'absent';
    if (!facts.isDirectory()) return 'other';
  }
  return 'directory';
}

function withParents(path: ImagePath): ImagePath[] {
  const paths = [path];
  for (let at = path; at !== ROOT; ) {
    at = parentOf(at);
    paths.push(at);
  }
  return paths;
}

function onDisk(folder: string, path: ImagePath): Buffer {
  return Buffer.concat([Buffer.from(folder), Buffer.from(path, 'latin1')]);
}
