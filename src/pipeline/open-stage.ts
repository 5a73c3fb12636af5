import { openSources, type Sources } from '../engine/select.ts';
import type { Engine, OpenedImage } from '../engine/types.ts';
import type { Image } from '../image/types.ts';
import type { ProgressSink } from '../progress.ts';
import type { BuildSettings, RunSettings } from '../settings.ts';
import type { Stages } from '../stages.ts';
import { runConfig } from '../trace/run-config.ts';
import type { RunContext } from './context.ts';

/** Opens the images and the engine for them. What the command line says describes a plain directory, which has no configuration. */
export function openStageSources(
  stages: Stages,
  names: readonly string[],
  { engine: settings, run, preparation }: Pick<BuildSettings, 'engine' | 'run' | 'preparation'>,
  { signal, progress }: RunContext,
): Promise<Sources> {
  return stages.run(
    'connect',
    `finding ${names.join(' and ')}`,
    async () => {
      const told = (text: string) => progress({ kind: 'stage-progress', stage: 'connect', text });
      const sources = await openSources(names, { settings, signal, progress: told, preparation });
      await checkContainer(sources, run, progress);
      for (const image of sources.images.filter((image) => image.rootfsDirectory)) {
        image.config.config = { ...runConfig(image.config.config ?? {}, run), Env: [...run.env] };
      }
      return sources;
    },
    ({ engine }) => `with the ${engine.name} engine`,
  );
}

/** Says what the engine does otherwise than one would expect; what it cannot do ends here. */
async function checkContainer(sources: Sources, run: RunSettings, progress: ProgressSink): Promise<void> {
  try {
    for (const text of (await sources.engine.check?.(run.container)) ?? []) progress({ kind: 'warning', text });
  } catch (error) {
    await sources[Symbol.asyncDispose]();
    throw error;
  }
}

/** Makes an image ready to run and to read. */
export function openStage(stages: Stages, engine: Engine, image: Image, signal: AbortSignal): Promise<OpenedImage> {
  return stages.run(
    'open',
    `opening ${image.source}`,
    () => engine.open(image, { signal }),
    (opened) => `${(opened.rootfs.sizeBytes / 1e6).toFixed(1)} MB in ${opened.rootfs.entryCount} paths`,
  );
}
