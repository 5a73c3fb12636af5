import { Readable } from 'node:stream';
import { coalesce } from './coalesce.ts';
import { BLOCK } from './header.ts';
import { OverlayEntries, type OverlayLayerResult } from './overlay-entries.ts';
import { readRecords } from './records.ts';
import { StreamSource } from './source.ts';

export type { OverlayLayerResult };

export interface OverlayLayer {
  /** A tar that GNU tar extracts into a lower directory of overlayfs. Destroying it destroys the layer's stream. */
  readonly stream: Readable;
  /** Settles once the stream has ended or failed; rejects with what the stream failed with. */
  readonly result: Promise<OverlayLayerResult>;
}

/**
 * Turns the tar of an OCI layer into one for overlayfs: whiteouts become character devices 0/0, opaque whiteouts the
 * attribute `trusted.overlay.opaque` of their directory. Every entry is checked before a byte of it is passed on, and
 * passes byte for byte unless something in it has to change. Nothing but paths is held in memory.
 * The stream fails with IMAGE_INVALID for what could leave the root and with LAYER_UNSUPPORTED for unknown entry types.
 */
export function overlayLayer(layer: Readable): OverlayLayer {
  const entries = new OverlayEntries();
  const stream = Readable.from(coalesce(convert(new StreamSource(layer), entries)), { objectMode: false });
  const result = new Promise<OverlayLayerResult>((resolve, reject) => {
    stream.once('end', () => resolve(entries.result()));
    stream.once('error', reject);
    stream.once('close', () => {
      layer.destroy();
      reject(new Error('the layer was not read to its end'));
    });
  });
  // Whoever only consumes the stream has seen the failure there.
  result.catch(() => undefined);
  return { stream, result };
}

async function* convert(source: StreamSource, entries: OverlayEntries): AsyncGenerator<Buffer> {
  for await (const record of readRecords(source)) {
    const blocks = entries.admit(record);
    if (!blocks) continue;
    yield* blocks;
    if (record.sizeBytes > 0) yield* record.body();
  }
  yield* entries.closing();
  yield Buffer.alloc(2 * BLOCK);
  // What the layer's stream verifies it verifies at its end.
  while ((await source.readSome(Number.MAX_SAFE_INTEGER)).length > 0);
}
