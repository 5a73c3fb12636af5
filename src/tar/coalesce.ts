/** From this size on a buffer is passed on as it is. */
const LARGE_BYTES = 32 * 1024;
const BATCH_BYTES = 128 * 1024;

/** Joins small buffers into larger ones, as each one costs a write further on; large ones are never copied. */
export async function* coalesce(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let batch: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    if (chunk.length < LARGE_BYTES) {
      batch.push(chunk);
      sizeBytes += chunk.length;
    }
    if (sizeBytes > 0 && (chunk.length >= LARGE_BYTES || sizeBytes >= BATCH_BYTES)) {
      yield Buffer.concat(batch, sizeBytes);
      batch = [];
      sizeBytes = 0;
    }
    if (chunk.length >= LARGE_BYTES) yield chunk;
  }
  if (sizeBytes > 0) yield Buffer.concat(batch, sizeBytes);
}
