import type { Duplex } from 'node:stream';
import type { Container } from 'dockerode';
import { TraceSlimError } from '../../errors.ts';
import { displayPath, type ImagePath } from '../../rootfs/path.ts';
import type { ToolkitPaths } from '../types.ts';
import { asked } from './api/errors.ts';
import { readFrames } from './api/frames.ts';
import { startExec } from './exec.ts';

/** Reads `OFFSET LENGTH PATH` a line, the path with octal escapes, and prints that part of the file. */
const SERVER = `while read -r o n p; do
  f=$(printf '%b.' "$p")
  "$@" "if=\${f%.}" bs=65536 iflag=skip_bytes,count_bytes skip="$o" count="$n" status=none
done`;

const READ_MS = 60_000;

interface Request {
  readonly path: ImagePath;
  readonly parts: Buffer[];
  missing: number;
  readonly resolve: (bytes: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/** Reads parts of a container's files through one shell of the toolkit in it: a command for each would cost far more. */
export class LensReader {
  readonly #stream: Duplex;
  readonly #timeoutMs: number;
  readonly #waiting: Request[] = [];
  #failure: Error | undefined;

  /** `stream` is that of {@link SERVER}, as a daemon sends it. */
  constructor(stream: Duplex, timeoutMs: number = READ_MS) {
    this.#stream = stream;
    this.#timeoutMs = timeoutMs;
    stream.on('error', () => {});
    this.#receive().then(
      () => this.#fail(new TraceSlimError('ENGINE_FAILED', 'the container that reads the image has ended')),
      (error: Error) => this.#fail(error),
    );
  }

  static async start(container: Container, { launcher, sh, bin }: ToolkitPaths): Promise<LensReader> {
    const command = [...launcher, sh, '-c', SERVER, 'sh', ...launcher, `${bin}/dd`];
    return new LensReader((await startExec(container, { command, user: '0' })).stream);
  }

  /** Exactly `length` bytes, which the file must have. Requests are answered in order. */
  async read(path: ImagePath, offset: number, length: number): Promise<Buffer> {
    if (this.#failure) throw this.#failure;
    const answered = new Promise<Buffer>((resolve, reject) => {
      this.#waiting.push({ path, parts: [], missing: length, resolve, reject });
    });
    this.#stream.write(`${offset} ${length} ${escaped(path)}\n`);
    try {
      return await asked(answered, `reading ${displayPath(path)}`, { timeoutMs: this.#timeoutMs });
    } catch (error) {
      // What comes late, or for a file that has become shorter, would be taken for the answer to the next request.
      this.#fail(error as Error);
      this.#stream.destroy();
      throw error;
    }
  }

  close(): void {
    this.#stream.destroy();
  }

  async #receive(): Promise<void> {
    for await (const { channel, data } of readFrames(this.#stream as AsyncIterable<Buffer>)) {
      if (channel === 'stderr') throw unreadable(this.#waiting[0]?.path, data);
      this.#answer(data);
    }
  }

  #answer(data: Buffer): void {
    let rest = data;
    while (rest.length > 0) {
      const [request] = this.#waiting;
      if (!request) return;
      const part = rest.subarray(0, request.missing);
      request.parts.push(part);
      request.missing -= part.length;
      rest = rest.subarray(part.length);
      if (request.missing > 0) return;
      this.#waiting.shift();
      request.resolve(Buffer.concat(request.parts));
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const request of this.#waiting.splice(0)) request.reject(error);
  }
}

/** Every byte that a shell's `read` or `printf` could take for something else. */
function escaped(path: ImagePath): string {
  return Array.from(Buffer.from(path, 'latin1'), (byte) =>
    /[\w./+:@=-]/.test(String.fromCharCode(byte)) && byte < 0x80
      ? String.fromCharCode(byte)
      : `\\0${byte.toString(8).padStart(3, '0')}`,
  ).join('');
}

function unreadable(path: ImagePath | undefined, complaint: Buffer): TraceSlimError {
  return new TraceSlimError('ENGINE_FAILED', `${path ? displayPath(path) : 'a file'} cannot be read in the container`, {
    context: { complaint: complaint.toString('utf8').slice(0, 500) },
  });
}
