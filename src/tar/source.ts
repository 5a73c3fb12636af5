import type { FileHandle } from 'node:fs/promises';
import { invalid } from './header.ts';

/** Bytes read strictly forward. */
export interface ByteSource {
  /** Bytes passed so far. */
  readonly position: number;
  /** Exactly `length` bytes; fewer only at the end. */
  read(length: number): Promise<Buffer>;
  /** Up to `maxLength` bytes, as many as come without copying; empty at the end. */
  readSome(maxLength: number): Promise<Buffer>;
  /** Passes over `length` bytes. Fails with IMAGE_INVALID when there are fewer. */
  skip(length: number): Promise<void>;
}

/** A source over a stream of buffers. Nothing is held but the buffer at hand. */
export class StreamSource implements ByteSource {
  position = 0;
  private readonly chunks: AsyncIterator<Buffer>;
  private chunk: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Buffer>) {
    this.chunks = stream[Symbol.asyncIterator]();
  }

  async read(length: number): Promise<Buffer> {
    if (this.chunk.length >= length) return this.take(length);
    const parts: Buffer[] = [];
    let missing = length;
    while (missing > 0) {
      const part = await this.readSome(missing);
      if (part.length === 0) break;
      parts.push(part);
      missing -= part.length;
    }
    return Buffer.concat(parts);
  }

  async readSome(maxLength: number): Promise<Buffer> {
    while (this.chunk.length === 0) {
      const next = await this.chunks.next();
      if (next.done) return this.chunk;
      this.chunk = next.value;
    }
    return this.take(Math.min(maxLength, this.chunk.length));
  }

  async skip(length: number): Promise<void> {
    for (let missing = length; missing > 0; ) {
      const part = await this.readSome(missing);
      if (part.length === 0) throw truncated();
      missing -= part.length;
    }
  }

  /** Lets go of the stream, also when it has not ended. */
  async close(): Promise<void> {
    await this.chunks.return?.();
  }

  private take(length: number): Buffer {
    const taken = this.chunk.subarray(0, length);
    this.chunk = this.chunk.subarray(length);
    this.position += length;
    return taken;
  }
}

/** A source over an open file that seeks over what is skipped. The file stays the caller's to close. */
export class FileSource implements ByteSource {
  position = 0;
  private readonly file: FileHandle;
  private readonly sizeBytes: number;

  constructor(file: FileHandle, sizeBytes: number) {
    this.file = file;
    this.sizeBytes = sizeBytes;
  }

  async read(length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(Math.min(length, this.sizeBytes - this.position));
    const { bytesRead } = await this.file.read(buffer, 0, buffer.length, this.position);
    this.position += bytesRead;
    return buffer.subarray(0, bytesRead);
  }

  readSome(maxLength: number): Promise<Buffer> {
    return this.read(Math.min(maxLength, 65_536));
  }

  async skip(length: number): Promise<void> {
    if (this.position + length > this.sizeBytes) throw truncated();
    this.position += length;
  }
}

/** The archive ends before what it promised. */
export function truncated(): Error {
  return invalid('the tar archive is truncated');
}
