import { spawn } from 'node:child_process';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { TraceSlimError } from '../../errors.ts';
import type { Layer } from '../../image/types.ts';
import { type OverlayLayerResult, overlayLayer } from '../../tar/overlay-layer.ts';
import { commandFailed, hostPath } from './command.ts';
import { holdLock } from './lock.ts';
import type { StateLayout } from './state.ts';

/** Digits of the diffID that name an unpacked layer: short, so that 127 of them fit into one mount option. */
const NAME_DIGITS = 24;

/** Name of the folder in `layers` that holds an unpacked layer. */
export function layerName(diffId: string): string {
  return diffId.slice('sha256:'.length, 'sha256:'.length + NAME_DIGITS);
}

/**
 * Makes sure a layer is unpacked in the cache: an overlayfs lower folder with the layer's owners, modes, times, xattrs,
 * hard links and devices. A folder appears there only when it is whole and its digests were right; concurrent processes
 * wait for each other. Errors: IMAGE_INVALID, DIGEST_MISMATCH, LAYER_UNSUPPORTED, DISK_FULL, PERMISSION_DENIED,
 * TIMED_OUT.
 */
export async function ensureLayer(layout: StateLayout, layer: Layer, options: { signal: AbortSignal }): Promise<void> {
  const directory = join(layout.layers, layerName(layer.diffId));
  const isWhole = async () => (await exists(directory)) && (await exists(factsFile(directory)));
  if (await isWhole()) return;
  await using _lock = await holdLock(`${directory}.lock`, options);
  if (await isWhole()) return;
  const unfinished = `${directory}.new-${process.pid}`;
  try {
    // A killed process of the same id may have left one.
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { mode: 0o755 });
    const facts = await unpackLayer(layer, unfinished, options);
    await writeFile(factsFile(directory), JSON.stringify(facts), { mode: 0o600 });
    await rm(directory, { recursive: true, force: true });
    await rename(unfinished, directory);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
}

/** An unpacked layer in the cache, with what its folder cannot show. */
export interface UnpackedLayer {
  /** Its folder's name in `layers`. */
  readonly name: string;
  readonly facts: OverlayLayerResult;
}

/**
 * The unpacked layers of an image, top first, without those that a layer above hides as a whole: overlayfs has no mark for
 * that.
 */
export async function unpackedLayers(layout: StateLayout, layers: readonly Layer[]): Promise<UnpackedLayer[]> {
  const found: UnpackedLayer[] = [];
  for (const layer of [...layers].reverse()) {
    const name = layerName(layer.diffId);
    const facts: OverlayLayerResult = JSON.parse(await readFile(factsFile(join(layout.layers, name)), 'utf8'));
    found.push({ name, facts });
    if (facts.isRootOpaque) break;
  }
  return found;
}

/** Beside the folder, and there before it is. */
function factsFile(directory: string): string {
  return `${directory}.json`;
}

/** Unpacks one layer into an empty folder. */
export async function unpackLayer(
  layer: Layer,
  directory: string,
  options: { signal: AbortSignal },
): Promise<OverlayLayerResult> {
  const overlay = overlayLayer(layer.open());
  try {
    await extractTar(overlay.stream, directory, options);
  } catch (error) {
    options.signal.throwIfAborted();
    throw inLayer(layer, error);
  }
  return overlay.result;
}

/** Extracts one tar, or several in a row, with everything that GNU tar can restore. Fails with what the stream fails with, or IMAGE_INVALID. */
export async function extractTar(stream: Readable, directory: string, options: { signal: AbortSignal }): Promise<void> {
  const extractor = spawn('tar', EXTRACT_FLAGS, {
    cwd: directory,
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { LC_ALL: 'C', PATH: hostPath() },
    detached: true,
  });
  const ended = new Promise<{ status: number | null; errno?: string }>((resolve) => {
    extractor.once('error', (error: NodeJS.ErrnoException) => resolve({ status: null, errno: error.code ?? 'EIO' }));
    extractor.once('close', (status) => resolve({ status }));
  });
  const complaints = text(extractor.stderr).catch(() => '');
  const fed = await settled(pipeline(stream, extractor.stdin, { signal: options.signal }));
  if (fed.error) extractor.kill('SIGKILL');
  const { status, errno } = await ended;
  const stderr = await complaints;
  options.signal.throwIfAborted();
  if (fed.error && !isBrokenPipe(fed.error)) throw fed.error;
  if (status !== 0 || fed.error) throw extractionFailed(stderr, errno);
}

/** Zeros are no end: archives may follow each other, and none is left before all of it was read. */
const EXTRACT_FLAGS = [
  ...['-x', '--ignore-zeros', '-p', '--numeric-owner', '--same-owner', '--xattrs', '--xattrs-include=*'],
  ...['--delay-directory-restore', '-f', '-'],
];

async function settled(work: Promise<void>): Promise<{ error?: unknown }> {
  return work.then(
    () => ({}),
    (error: unknown) => ({ error }),
  );
}

function isBrokenPipe(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_PREMATURE_CLOSE')
  );
}

/** The error with the layer's name, where it lacks one. */
function inLayer({ diffId }: Layer, error: unknown): unknown {
  if (!(error instanceof TraceSlimError) || error.message.includes('sha256:')) return error;
  const { code, message, hint, context } = error;
  return new TraceSlimError(code, `layer ${diffId}: ${message}`, { ...(hint ? { hint } : {}), context, cause: error });
}

function extractionFailed(stderr: string, errno: string | undefined): TraceSlimError {
  const general = commandFailed('tar', errno, stderr, 'unpacking a layer');
  if (/Cannot mknod: Operation not permitted/.test(stderr)) {
    return new TraceSlimError(
      'PERMISSION_DENIED',
      'a layer removes files, which cannot be stored in the state directory',
      {
        hint: 'That is so on an overlay file system, as inside of a container: name a volume or another disk in TRACE_SLIM_HOME.',
        context: general.context,
      },
    );
  }
  if (general.code !== 'ENGINE_FAILED') return general;
  return new TraceSlimError('IMAGE_INVALID', `a layer cannot be unpacked: ${stderr.trim().split('\n')[0] ?? ''}`, {
    hint: 'The archive is damaged or uses a tar extension that GNU tar does not know.',
    context: general.context,
  });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
