import { type ImagePath, parentOf, toImagePath } from '../rootfs/path.ts';
import { readSmallFile, readSmallFileBytes } from '../rootfs/read-file.ts';
import { resolvePath } from '../rootfs/resolve.ts';
import type { Entry, RootFs } from '../rootfs/rootfs.ts';
import type { ElfFile } from './elf.ts';
import { type CachedLibrary, parseLdSoCache } from './ld-so-cache.ts';
import { readLdSoConf } from './ld-so-conf.ts';
import { PLATFORMS, systemDirectories } from './library-directories.ts';
import type { Programs } from './programs.ts';

/** An object that needs libraries, and the DT_RPATH directories it inherits from what loaded it, nearest first. */
export interface Loader {
  readonly entry: Entry;
  readonly elf: ElfFile;
  readonly inherited: readonly string[];
}

interface Configuration {
  readonly cache: ReadonlyMap<string, readonly CachedLibrary[]>;
  readonly configured: readonly string[];
  readonly musl: readonly string[];
}

/** Finds shared libraries as ld.so(8) of glibc and of musl do, for every processor of the architecture at once. */
export class LibrarySearch {
  readonly #rootfs: RootFs;
  readonly #programs: Programs;
  readonly #environment: readonly string[];
  #configuration: Promise<Configuration> | undefined;

  /** `environment` is the image's `Env`: LD_LIBRARY_PATH counts. */
  constructor(rootfs: RootFs, programs: Programs, environment: readonly string[]) {
    this.#rootfs = rootfs;
    this.#programs = programs;
    const value = environment.findLast((entry) => entry.startsWith('LD_LIBRARY_PATH='));
    this.#environment = value ? value.slice('LD_LIBRARY_PATH='.length).split(/[:;]/) : [];
  }

  /** Paths (links not resolved) the loader may open for a DT_NEEDED name: variants for newer processors, then the base. */
  async find(name: string, loader: Loader): Promise<string[]> {
    if (name.includes('/')) return this.#loadable(expand(name, loader), loader.elf);
    this.#configuration ??= readConfiguration(this.#rootfs);
    const { cache, configured, musl } = await this.#configuration;
    const runpath = absolute(loader.elf.runpath ?? [], loader);
    const told = [...rpathOf(loader), ...this.#environment, ...runpath];
    const found = await this.#inDirectories(told, name, loader.elf);
    if (found.length > 0) return found;
    const cached = await this.#inCache(cache.get(name) ?? [], loader.elf);
    if (cached.length > 0) return cached;
    return this.#inDirectories([...musl, ...configured, ...systemDirectories(loader.elf)], name, loader.elf);
  }

  async #inDirectories(directories: readonly string[], name: string, elf: ElfFile): Promise<string[]> {
    const variants: string[] = [];
    for (const directory of new Set(directories)) {
      const real = resolvePath(this.#rootfs, directory);
      if (real.entry?.type !== 'directory') continue;
      variants.push(...(await this.#loadable(hardwareVariants(this.#rootfs, real.path, name), elf)));
      const base = await this.#loadable([`${directory}/${name}`], elf);
      if (base.length > 0) return [...variants, ...base];
    }
    return variants;
  }

  async #inCache(libraries: readonly CachedLibrary[], elf: ElfFile): Promise<string[]> {
    const found: string[] = [];
    for (const { path, isForHardware } of libraries) {
      const [loadable] = await this.#loadable([path], elf);
      if (loadable === undefined) continue;
      found.push(loadable);
      if (!isForHardware) break;
    }
    return found;
  }

  async #loadable(paths: Iterable<string>, by: ElfFile): Promise<string[]> {
    const found: string[] = [];
    for (const path of paths) {
      const { entry } = resolvePath(this.#rootfs, path);
      const elf = entry && (await this.#programs.read(entry)).elf;
      if (elf && isOfSameMachine(elf, by)) found.push(path);
    }
    return found;
  }
}

/** The DT_RPATH directories in force for what an object needs, its own first. A DT_RUNPATH turns off its own DT_RPATH. */
export function rpathOf(loader: Loader): string[] {
  const own = loader.elf.runpath ? [] : absolute(loader.elf.rpath, loader);
  return [...own, ...loader.inherited];
}

function isOfSameMachine(a: ElfFile, b: ElfFile): boolean {
  return a.bits === b.bits && a.machine === b.machine && a.isLittleEndian === b.isLittleEndian;
}

function hardwareVariants(rootfs: RootFs, directory: ImagePath, name: string): string[] {
  const base = toImagePath(`${directory}/glibc-hwcaps`);
  return rootfs.childrenOf(base).map((variant) => `${base}/${variant}/${name}`);
}

/** Search directories with their tokens filled in; relative ones depend on a working directory and are left out. */
function absolute(entries: readonly string[], loader: Loader): string[] {
  return entries.flatMap((entry) => [...expand(entry, loader)]).filter((entry) => entry.startsWith('/'));
}

/** Every reading of `$ORIGIN`, `$LIB` and `$PLATFORM`; distributions differ in what `$LIB` is. */
function expand(text: string, { entry, elf }: Loader): Set<string> {
  const platform = PLATFORMS[elf.machine];
  const triplets = platform?.triplets ?? [];
  const libs = [...triplets.map((triplet) => `lib/${triplet}`), elf.bits === 64 ? 'lib64' : 'lib32', 'lib'];
  const withLib = (lib: string) =>
    text
      .replace(/\$(?:ORIGIN\b|\{ORIGIN\})/g, () => parentOf(entry.path))
      .replace(/\$(?:LIB\b|\{LIB\})/g, () => lib)
      .replace(/\$(?:PLATFORM\b|\{PLATFORM\})/g, () => platform?.name ?? '');
  return new Set(libs.map(withLib));
}

async function readConfiguration(rootfs: RootFs): Promise<Configuration> {
  return {
    cache: parseLdSoCache(await readSmallFileBytes(rootfs, '/etc/ld.so.cache')),
    configured: await readLdSoConf(rootfs, toImagePath('/etc/ld.so.conf')),
    musl: await muslDirectories(rootfs),
  };
}

/** Source: musl ldso/dynlink.c; without a path file its default is these three. */
async function muslDirectories(rootfs: RootFs): Promise<string[]> {
  const lib = resolvePath(rootfs, '/lib').path;
  if (!rootfs.childrenOf(lib).some((name) => /^ld-musl-.*\.so\.1$/.test(name))) return [];
  const names = rootfs.childrenOf(toImagePath('/etc')).filter((name) => /^ld-musl-.*\.path$/.test(name));
  const texts = await Promise.all(names.map((name) => readSmallFile(rootfs, `/etc/${name}`)));
  const directories = texts.flatMap((text) => text.split(/[\n:]/)).filter((directory) => directory.startsWith('/'));
  return directories.length > 0 ? directories : ['/lib', '/usr/local/lib', '/usr/lib'];
}
