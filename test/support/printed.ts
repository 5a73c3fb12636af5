import type { Readable } from 'node:stream';

/** Resolves once a text has come out of a stream. */
export function printed(stream: Readable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen = '';
    const settle = (finish: () => void) => {
      stream.off('data', look).off('end', ended);
      finish();
    };
    const look = (chunk: Buffer) => {
      seen += chunk;
      if (seen.includes(text)) settle(resolve);
    };
    const ended = () => settle(() => reject(new Error(`never printed "${text}" but:\n${seen}`)));
    stream.on('data', look).on('end', ended);
  });
}
