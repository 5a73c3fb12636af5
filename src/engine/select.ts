import { stat } from 'node:fs/promises';
import { errnoOf, TraceSlimError } from '../errors.ts';
import { openImage } from '../image/open.ts';
import { parseImageName, parseLocation } from '../image/reference.ts';
import type { Image } from '../image/types.ts';
import type { EngineSettings, Preparation } from '../settings.ts';
import { stateDirectory } from '../state.ts';
import type { Engine, FindOptions } from './types.ts';

/** Images that are open, and the engine that can run them. The disposal closes both. */
export interface Sources extends AsyncDisposable {
  readonly engine: Engine;
  /** In the order they were named. */
  readonly images: readonly Image[];
}

export interface SelectOptions {
  readonly settings: EngineSettings;
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
  /** Its image, when it makes one, is the first of those named. */
  readonly preparation?: Preparation | undefined;
}

/**
 * Opens the named images and the engine for them: the one that was asked for, else a daemon for the names of images and
 * the built-in engine for archives. Errors: IMAGE_NOT_FOUND, ENGINE_UNAVAILABLE, USAGE_INVALID and what opening gives.
 */
export async function openSources(names: readonly string[], options: SelectOptions): Promise<Sources> {
  const { signal, preparation } = options;
  if (preparation && options.settings.engine === 'local') throw noDaemon();
  const stored = await Promise.all(names.map((name) => storedName(name)));
  const resources = new Resources();
  try {
    const files = stored.every((name) => name === undefined);
    // Reading an archive's manifest tells what is wrong with it before any engine is asked.
    const archives = await Promise.all(
      names.map((name, at) => (stored[at] === undefined ? openImage(name, archiveOptions(options)) : undefined)),
    );
    for (const archive of archives) if (archive) resources.add(archive);
    const engine = await openEngine(
      files,
      stored.filter((name) => name !== undefined),
      options,
    );
    resources.add(engine);
    if (preparation?.services) await engine.prepare?.(preparation.services, findOptions(options));
    const images: Image[] = [];
    for (const [at, archive] of archives.entries()) {
      const built =
        at === 0 && preparation?.build ? engine.store?.build(preparation.build, findOptions(options)) : undefined;
      const image = archive ?? (await (built ?? findStored(engine, stored[at] as string, options)));
      if (!archive) resources.add(image);
      images.push(image);
    }
    signal.throwIfAborted();
    return { engine, images, [Symbol.asyncDispose]: () => resources.dispose() };
  } catch (error) {
    // What went wrong first is what the user has to know.
    await resources.dispose().catch(() => {});
    throw error;
  }
}

function archiveOptions({ settings, signal }: SelectOptions) {
  return { signal, ...(settings.platform ? { platform: settings.platform } : {}) };
}

async function openEngine(files: boolean, names: readonly string[], options: SelectOptions): Promise<Engine> {
  const { settings, signal, preparation } = options;
  const wanted = files || preparation?.build ? [] : names;
  const isLocal =
    settings.engine === 'local' || (settings.engine === 'auto' && files && settings.host === undefined && !preparation);
  if (!isLocal) {
    const { openDaemonEngine } = await import('./docker/docker-engine.ts');
    return openDaemonEngine(settings, { stateDirectory: stateDirectory(), wanted, signal });
  }
  const { openLocalEngine } = await import('./local/local-engine.ts');
  return openLocalEngine(stateDirectory(), { signal });
}

function noDaemon(): TraceSlimError {
  return new TraceSlimError('USAGE_INVALID', 'the built-in engine builds no images and starts no services', {
    hint: 'Use --engine docker or --engine podman with --dockerfile and --compose-file.',
  });
}

function findOptions({ settings, signal, progress }: SelectOptions): FindOptions {
  return { pull: settings.pull, platform: settings.platform, signal, progress };
}

function findStored(engine: Engine, name: string, options: SelectOptions): Promise<Image> {
  if (!engine.store) {
    throw new TraceSlimError('IMAGE_NOT_FOUND', `${name} is no file, and the built-in engine knows no images by name`, {
      hint: `Save it first: docker save ${name} -o image.tar; or use --engine docker.`,
    });
  }
  return engine.store.find(name, findOptions(options));
}

/** The name when a source is an image's name or id in an engine's store; undefined for files and directories. */
async function storedName(source: string): Promise<string | undefined> {
  const { transport, rest } = parseLocation(source);
  if (transport === 'docker-daemon') return rest;
  if (transport !== undefined || (await isThere(source)) || looksLikePath(source)) return undefined;
  return parseImageName(source) || /^(?:sha256:)?[0-9a-f]{12,64}$/.test(source) ? source : undefined;
}

/** Nobody means a registry by a file that is not there. */
function looksLikePath(source: string): boolean {
  return /^[./~]|\.(?:tar(?:\.\w+)?|tgz|oci)$/.test(source);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    return errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR';
  }
}

/** Disposes of what was added, last first. */
class Resources {
  readonly #all: AsyncDisposable[] = [];

  add(resource: AsyncDisposable): void {
    this.#all.push(resource);
  }

  async dispose(): Promise<void> {
    const failures: unknown[] = [];
    for (const resource of this.#all.splice(0).reverse()) {
      try {
        await resource[Symbol.asyncDispose]();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
