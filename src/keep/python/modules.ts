import { baseName, type ImagePath, parentOf, toImagePath } from '../../rootfs/path.ts';
import type { RootFs } from '../../rootfs/rootfs.ts';
import type { PythonImport } from './source.ts';

/** Where the modules of an image are found by their names. */
export class PythonModules {
  readonly #rootfs: RootFs;
  readonly #roots: readonly ImagePath[];
  readonly #known = new Map<string, readonly ImagePath[]>();

  /** `roots` are the directories that names start from, as in `sys.path`. */
  constructor(rootfs: RootFs, roots: readonly ImagePath[]) {
    this.#rootfs = rootfs;
    this.#roots = roots;
  }

  /** Files of what the source at `path` imports, and of the packages they are in. */
  imported(path: ImagePath, { level, module, names }: PythonImport): ImagePath[] {
    const starts = level === 0 ? this.#roots : [ancestor(path, level)];
    const modules = names.length === 0 ? [module] : names.map((name) => [module, name].filter(Boolean).join('.'));
    return starts.flatMap((start) => modules.flatMap((name) => this.#filesOf(start, name)));
  }

  /** Files that a text such as `package.module.Class` leads to; none unless it leads to a module in a package. */
  named(text: string): ImagePath[] {
    const found = this.#roots.map((root) => this.#filesOf(root, text));
    return found.filter((files) => files.length > 1).flat();
  }

  /** As far as the parts of a name are modules: what comes after is something in the last. */
  #filesOf(start: ImagePath, name: string): readonly ImagePath[] {
    const key = `${start}\0${name}`;
    const known = this.#known.get(key);
    if (known) return known;
    const files: ImagePath[] = [];
    let at = start;
    for (const part of name.split('.')) {
      files.push(...this.#moduleAt(at, part));
      at = toImagePath(`${at}/${part}`);
      if (this.#rootfs.get(at)?.type !== 'directory') break;
    }
    this.#known.set(key, files);
    return files;
  }

  #moduleAt(directory: ImagePath, name: string): ImagePath[] {
    const sources = [`${directory}/${name}/__init__.py`, `${directory}/${name}.py`].map(toImagePath);
    const source = sources.find((path) => this.#rootfs.get(path));
    if (source) return [source];
    const extensions = this.#rootfs
      .childrenOf(directory)
      .filter((child) => child.startsWith(`${name}.`) && child.endsWith('.so'));
    return extensions.map((child) => toImagePath(`${directory}/${child}`));
  }
}

/** The directory that the name of a module starts from: the first above it that is no package. */
export function rootOf(rootfs: RootFs, path: ImagePath): ImagePath {
  let at = parentOf(path);
  while (at !== '/' && rootfs.get(toImagePath(`${at}/__init__.py`))) at = parentOf(at);
  return at;
}

/** The source of a compiled module, as CPython names both; a source is its own. Undefined for anything else. */
export function sourceOf(path: ImagePath): ImagePath | undefined {
  if (path.endsWith('.py')) return path;
  const stem = /^([^/]+?)\.[^/.]+-[^/]*\.pyc$/.exec(baseName(path))?.[1];
  const cache = parentOf(path);
  if (stem === undefined || baseName(cache) !== '__pycache__') return undefined;
  return toImagePath(`${parentOf(cache)}/${stem}.py`);
}

function ancestor(path: ImagePath, levels: number): ImagePath {
  let at = path;
  for (let level = 0; level < levels; level++) at = parentOf(at);
  return at;
}
