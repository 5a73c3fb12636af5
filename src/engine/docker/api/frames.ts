import { TraceSlimError } from '../../../errors.ts';

/** Some bytes of one channel. A long frame comes in several of these, as it arrives. */
export interface Frame {
  readonly channel: 'stdout' | 'stderr';
  readonly data: Buffer;
}

const HEADER_BYTES = 8;

/** Stream numbers of the header's first byte. A daemon echoes standard input as 0, and reports its own failure as 3. */
const CHANNELS = ['stdout', 'stdout', 'stderr', 'daemon'] as const;

/** A daemon's own complaint is cut here. */
const COMPLAINT_BYTES = 4096;

/**
 * Splits what `attach`, `exec` and `logs` send for a container without a terminal: frames of one byte stream number,
 * three zero bytes, a big-endian length and that many bytes (Docker's `stdcopy`). Nothing is buffered but a header.
 * Fails with ENGINE_FAILED when the stream ends inside a frame, is no such stream, or carries a failure of the daemon.
 */
export async function* readFrames(stream: AsyncIterable<Buffer>): AsyncGenerator<Frame, void, undefined> {
  const header = Buffer.alloc(HEADER_BYTES);
  let headerBytes = 0;
  let left = 0;
  let complaint = '';
  for await (const chunk of stream) {
    let at = 0;
    while (at < chunk.length) {
      if (left === 0) {
        const taken = chunk.copy(header, headerBytes, at, at + HEADER_BYTES - headerBytes);
        at += taken;
        headerBytes += taken;
        if (headerBytes < HEADER_BYTES) break;
        headerBytes = 0;
        left = payloadBytes(header);
        continue;
      }
      const data = chunk.subarray(at, at + left);
      at += data.length;
      left -= data.length;
      const channel = channelOf(header);
      if (channel !== 'daemon') yield { channel, data };
      else complaint = (complaint + data.toString('utf8')).slice(0, COMPLAINT_BYTES);
    }
  }
  if (complaint !== '') throw new TraceSlimError('ENGINE_FAILED', `the daemon ended an output stream: ${complaint}`);
  if (left > 0 || headerBytes > 0) throw cut(left);
}

function channelOf(header: Buffer): (typeof CHANNELS)[number] {
  return CHANNELS[header[0] as number] as (typeof CHANNELS)[number];
}

function payloadBytes(header: Buffer): number {
  if ((header[0] as number) >= CHANNELS.length || header.readUIntBE(1, 3) !== 0) {
    throw new TraceSlimError('ENGINE_FAILED', 'the daemon sent an output stream without frames', {
      context: { header: header.toString('hex') },
    });
  }
  return header.readUInt32BE(4);
}

function cut(missingBytes: number): TraceSlimError {
  return new TraceSlimError('ENGINE_FAILED', 'the daemon cut an output stream short', {
    hint: 'See whether the daemon is still running, and its log.',
    context: { missingBytes },
  });
}
