import { TraceSlimError } from '../errors.ts';
import type { Image, Layer } from '../image/types.ts';
import { displayPath, type ImagePath } from '../rootfs/path.ts';
import type { IncludeItem, KeepSettings } from '../settings.ts';
import { LayerPaths, whiteoutOf } from '../tar/layer-paths.ts';
import { readRecords } from '../tar/records.ts';
import { StreamSource } from '../tar/source.ts';

/**
 * Replaces what is asked for by layer with the paths that these layers have brought, as their archives say; what is gone
 * again in the image is among them. Errors: USAGE_INVALID when it cannot be told which layers are meant.
 */
export async function resolveLayerIncludes(
  image: Image,
  keep: KeepSettings,
  signal: AbortSignal,
): Promise<KeepSettings> {
  const includes: IncludeItem[] = [];
  for (const item of keep.includes) {
    if (item.kind !== 'layers') includes.push(item);
    else includes.push(...(await entriesOf(layersOf(image, item), item.option, signal)));
  }
  return { ...keep, includes };
}

async function entriesOf(layers: readonly Layer[], option: string, signal: AbortSignal): Promise<IncludeItem[]> {
  const found = new Set<ImagePath>();
  for (const layer of layers) for (const path of await pathsOf(layer, signal)) found.add(path);
  return [...found].sort().map((path) => ({ option, kind: 'entry', value: displayPath(path) }));
}

async function pathsOf(layer: Layer, signal: AbortSignal): Promise<ImagePath[]> {
  const paths = new LayerPaths();
  const found: ImagePath[] = [];
  const source = new StreamSource(layer.open());
  try {
    for await (const record of readRecords(source)) {
      signal.throwIfAborted();
      const path = paths.locate(record.name);
      if (whiteoutOf(path).kind !== 'none') continue;
      const { typeflag } = record.header;
      if (typeflag === '2') paths.place(path, { kind: 'symlink', target: record.linkName });
      else paths.place(path, { kind: typeflag === '5' ? 'directory' : 'other' });
      found.push(path);
    }
    // What the layer's stream verifies it verifies at its end.
    while ((await source.readSome(Number.MAX_SAFE_INTEGER)).length > 0);
  } finally {
    await source.close();
  }
  return found;
}

/** The newest layers by number; else those since an instruction; else those of the application. */
function layersOf(image: Image, { option, value }: IncludeItem): readonly Layer[] {
  if (image.layers.length === 0) {
    throw new TraceSlimError('USAGE_INVALID', `${option} needs an image with layers, which ${image.source} is not`, {
      hint: 'Name the paths with --include-path.',
    });
  }
  if (/^\d+$/.test(value)) return image.layers.slice(Math.max(0, image.layers.length - Number(value)));
  const instructions = (image.config.history ?? []).map(({ created_by = '', empty_layer = false }) => ({
    text: plainInstruction(created_by),
    isEmpty: empty_layer,
  }));
  const start = value === '' ? startOfApplication(instructions) : startAt(instructions, value);
  if (start === undefined) throw unknownStart(option, value, instructions);
  const older = instructions.slice(0, start).filter(({ isEmpty }) => !isEmpty).length;
  return image.layers.slice(older);
}

interface Instruction {
  readonly text: string;
  readonly isEmpty: boolean;
}

/** As it stands in a Dockerfile, without what builders put around it. */
function plainInstruction(createdBy: string): string {
  return createdBy
    .replace(/^\/bin\/sh -c #\(nop\)\s*/, '')
    .replace(/^(?:\|\d+ .*?)?\/bin\/sh -c /, 'RUN ')
    .replace(/^RUN \/bin\/sh -c /, 'RUN ')
    .replace(/\s*# buildkit$/, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function startAt(instructions: readonly Instruction[], value: string): number | undefined {
  const wanted = value.replace(/\s+/g, ' ').trim();
  const found = instructions.findIndex(({ text }) => text.startsWith(wanted));
  return found < 0 ? undefined : found;
}

/** An image made to be built upon ends with its command; what comes after the last such one is the application. */
function startOfApplication(instructions: readonly Instruction[]): number | undefined {
  const lastLayer = instructions.findLastIndex(({ isEmpty }) => !isEmpty);
  const end = instructions
    .slice(0, Math.max(0, lastLayer))
    .findLastIndex(({ text }) => /^(?:CMD|ENTRYPOINT)\b/.test(text));
  return end < 0 ? undefined : end + 1;
}

function unknownStart(option: string, value: string, instructions: readonly Instruction[]): TraceSlimError {
  const subject = value === '' ? 'where the application starts' : `where ${JSON.stringify(value)} stands`;
  return new TraceSlimError('USAGE_INVALID', `${option}: the history of the image does not tell ${subject}`, {
    hint: 'Name one of its instructions with --app-image-start-instruction, or use --include-last-image-layers N.',
    context: { instructions: instructions.map(({ text }) => displayPath(text).slice(0, 200)) },
  });
}
