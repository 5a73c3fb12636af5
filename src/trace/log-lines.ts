import type { Readable } from 'node:stream';
import { ELLIPSIS } from './strace-line.ts';

/** Of a longer line its beginning and its end are kept: the first arguments and the result. */
const MAX_LINE_BYTES = 65_536;
const KEPT_END_BYTES = 8192;
const KEPT_START_BYTES = MAX_LINE_BYTES - KEPT_END_BYTES;

/**
 * Gives every complete line of a byte stream, as a byte string without its newline, with the offset of its first byte.
 * Memory stays bounded whatever the stream holds. Resolves with the number of bytes after the last newline, and in all.
 */
export async function readLines(
  stream: Readable,
  onLine: (line: string, offset: number) => void,
): Promise<{ tailBytes: number; totalBytes: number }> {
  let rest = new PartialLine();
  let lineStart = 0;
  let chunkStart = 0;
  for await (const chunk of stream) {
    const text = (chunk as Buffer).toString('latin1');
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      const line = rest.isEmpty && end - from <= MAX_LINE_BYTES ? text.slice(from, end) : rest.finish(text, from, end);
      if (!rest.isEmpty) rest = new PartialLine();
      onLine(line, lineStart);
      from = end + 1;
      lineStart = chunkStart + from;
    }
    if (from < text.length) rest.append(text.slice(from));
    chunkStart += text.length;
  }
  return { tailBytes: chunkStart - lineStart, totalBytes: chunkStart };
}

/** A line whose newline has not come yet: its first and its last bytes. */
class PartialLine {
  #start = '';
  #end = '';
  #isCut = false;

  get isEmpty(): boolean {
    return this.#start === '';
  }

  append(text: string): void {
    const room = KEPT_START_BYTES - this.#start.length;
    this.#start += text.slice(0, room);
    if (text.length <= room) return;
    const end = this.#end + text.slice(room);
    this.#isCut ||= end.length > KEPT_END_BYTES;
    this.#end = end.slice(-KEPT_END_BYTES);
  }

  finish(text: string, from: number, end: number): string {
    this.append(text.slice(from, end));
    return this.#isCut ? `${this.#start}${ELLIPSIS}${this.#end}` : this.#start + this.#end;
  }
}
