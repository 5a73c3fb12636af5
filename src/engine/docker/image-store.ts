import { TraceSlimError } from '../../errors.ts';
import { isPlatform, unsupportedPlatform } from '../../image/platform.ts';
import { parseImageName } from '../../image/reference.ts';
import type { Image, Platform } from '../../image/types.ts';
import type { FindOptions, ImageStore } from '../types.ts';
import { asked, statusOf } from './api/errors.ts';
import { pullImage } from './api/pull.ts';
import { buildImage } from './build-image.ts';
import type { DaemonRun } from './run.ts';
import { type Inspected, isImageId, storedImage } from './stored-image.ts';

/** Images that were sent to a daemon in this run, by what they were made from. */
export interface LoadedImages {
  /** The temporary name of an image, sent first where it was not yet. */
  ensure(image: Image, signal: AbortSignal): Promise<string>;
  /** A temporary name for one more image. */
  newName(): string;
}

/** The images of a daemon. */
export function imageStore(run: DaemonRun, loaded: LoadedImages): ImageStore {
  return {
    async find(name, options) {
      const found = await findOrPull(run, name, options);
      checkPlatform(name, found, options.platform);
      return storedImage(run, found, name);
    },
    async build(settings, options) {
      const temporary = loaded.newName();
      await buildImage(run.daemon, temporary, settings, options);
      const built = await inspectImage(run, temporary);
      if (!settings.isTemporary) await nameAll(run, built.Id, [settings.name]);
      return storedImage(run, built, settings.name);
    },
    async publish(image, names, { signal }) {
      const temporary = await loaded.ensure(image, signal);
      const { Id } = await inspectImage(run, temporary);
      await nameAll(run, Id, names);
      return Id;
    },
  };
}

/** Undefined when the daemon has no such image. */
async function lookUp(run: DaemonRun, name: string): Promise<Inspected | undefined> {
  try {
    return (await run.daemon.docker.getImage(name).inspect()) as unknown as Inspected;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    return asked(Promise.reject(error), `looking for the image ${name}`);
  }
}

/** Errors: IMAGE_NOT_FOUND. */
export async function inspectImage(run: DaemonRun, name: string): Promise<Inspected> {
  const found = await asked(lookUp(run, name), `looking for the image ${name}`);
  if (found) return found;
  throw new TraceSlimError('IMAGE_NOT_FOUND', `${run.daemon.name} has no image ${name}`, {
    hint: 'Check the name and the tag, or let it be pulled with --pull missing.',
  });
}

async function findOrPull(run: DaemonRun, name: string, options: FindOptions): Promise<Inspected> {
  const { pull, platform, signal, progress } = options;
  const there =
    pull === 'always' ? undefined : await asked(lookUp(run, name), `looking for the image ${name}`, { signal });
  const isWanted = there && (!platform || isPlatform(platformOf(there), platform));
  if (there && (isWanted || pull === 'never')) return there;
  if (pull !== 'never' && !isImageId(name) && parseImageName(name)) {
    await pullImage(run.daemon, name, { ...(platform ? { platform } : {}), signal, progress });
  }
  return inspectImage(run, name);
}

function platformOf({ Os: os, Architecture: architecture, Variant: variant }: Inspected): Platform {
  return { os, architecture, ...(variant ? { variant } : {}) };
}

function checkPlatform(name: string, found: Inspected, wanted: Platform | undefined): void {
  if (wanted && !isPlatform(platformOf(found), wanted)) throw unsupportedPlatform(name, [platformOf(found)], wanted);
}

/** Gives an image all the names; those it was given go back to what they were when one cannot be given. */
async function nameAll(run: DaemonRun, id: string, names: readonly string[]): Promise<void> {
  const { docker } = run.daemon;
  const given: { name: string; before: string | undefined }[] = [];
  try {
    for (const name of names) {
      const before = (await asked(lookUp(run, name), `looking for the image ${name}`))?.Id;
      await tag(run, id, name);
      given.push({ name, before });
    }
  } catch (error) {
    for (const { name, before } of given.reverse()) {
      await (before ? tag(run, before, name) : docker.getImage(name).remove({ noprune: true })).catch(() => {});
    }
    throw error;
  }
}

async function tag(run: DaemonRun, id: string, text: string): Promise<void> {
  const name = parseImageName(text);
  if (!name) throw new TraceSlimError('USAGE_INVALID', `${text} is no image name`);
  const { registry, repository } = name;
  const repo = registry === 'docker.io' ? repository.replace(/^library\//, '') : `${registry}/${repository}`;
  await asked(run.daemon.docker.getImage(id).tag({ repo, tag: name.tag ?? 'latest' }), `naming the image ${text}`);
}
