import type { Readable } from 'node:stream';

/** Output of a program beyond this is cut, per stream. */
export const OUTPUT_MAX_BYTES = 16 << 20;

/** Collects what arrives on several pipes, each bounded; the order across them is that of arrival. */
export class OutputCollector {
  readonly #parts: { pipe: number; data: Buffer }[] = [];
  readonly #sizes: number[] = [];
  readonly #maxBytes: number;
  truncated = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Reads a pipe until every writer has closed it. */
  collect(pipe: number, stream: Readable): Promise<void> {
    return new Promise((resolve) => {
      stream.on('data', (data: Buffer) => this.add(pipe, data));
      stream.once('error', () => resolve());
      stream.once('close', () => resolve());
    });
  }

  of(pipe: number): Buffer {
    return Buffer.concat(this.#parts.filter((part) => part.pipe === pipe).map((part) => part.data));
  }

  /** The last bytes of everything, as text. */
  tail(maxBytes: number): string {
    return Buffer.concat(this.#parts.map((part) => part.data))
      .subarray(-maxBytes)
      .toString('utf8');
  }

  /** Takes what fits; the rest is dropped and `truncated` says so. */
  add(pipe: number, data: Buffer): void {
    const size = this.#sizes[pipe] ?? 0;
    const room = this.#maxBytes - size;
    if (data.length > room) this.truncated = true;
    if (room <= 0) return;
    this.#parts.push({ pipe, data: data.subarray(0, room) });
    this.#sizes[pipe] = size + Math.min(data.length, room);
  }
}
