import { Readable } from 'node:stream';
import { TraceSlimError } from '../errors.ts';
import { decompress } from './decompress.ts';
import { verified } from './digest.ts';
import type { ImageFiles } from './image-files.ts';
import type { DiffId, Digest, Layer } from './types.ts';

/** A layer's blob in an archive. */
export interface LayerBlob {
  readonly name: string;
  readonly diffId: DiffId;
  readonly sizeBytes: number;
  /** Absent where the format does not state the stored blob's digest. */
  readonly digest?: Digest | undefined;
}

/** A layer over its blob: digest and size of what is stored, and the diffID of what comes out, are verified. */
export function layerOf(files: ImageFiles, blob: LayerBlob): Layer {
  return { diffId: blob.diffId, sizeBytes: blob.sizeBytes, open: () => Readable.from(openLayer(files, blob)) };
}

async function* openLayer(files: ImageFiles, blob: LayerBlob): AsyncGenerator<Buffer> {
  const subject = `layer ${blob.digest ?? blob.diffId}`;
  const isPlain = blob.digest === blob.diffId;
  const stored = verified(files.open(blob.name), { subject, digest: blob.digest, sizeBytes: blob.sizeBytes });
  yield* isPlain ? stored : verified(decompress(stored), { subject, digest: blob.diffId });
}

/** Refuses layers that are not there or cannot be read, by media type. */
export function requireReadable(mediaType: string, subject: string): void {
  const reason = UNREADABLE.find(({ pattern }) => pattern.test(mediaType));
  if (!reason) return;
  throw new TraceSlimError('LAYER_UNSUPPORTED', `${subject} is ${reason.text} (${mediaType})`, { hint: reason.hint });
}

const UNREADABLE = [
  {
    pattern: /\+encrypted$/,
    text: 'encrypted',
    hint: 'Decrypt the image first, e.g. skopeo copy --decryption-key KEY.',
  },
  {
    pattern: /foreign|nondistributable/,
    text: 'a foreign layer that the archive need not hold',
    hint: 'Save the image with docker save, which brings every layer along.',
  },
  {
    pattern: /estargz\.toc|in-toto|helm/,
    text: 'no file system layer',
    hint: 'Give a container image, not another kind of artifact.',
  },
] as const;
