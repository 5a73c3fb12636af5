import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { imagePathFromText } from '../../src/rootfs/path.ts';
import { TraceCollector } from '../../src/trace/collect.ts';
import type { Access, Trace } from '../../src/trace/trace.ts';

/** Any bytes, as a string with one character per byte. */
export function byteStrings(): fc.Arbitrary<string> {
  return fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
}

const NAMED: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '\v': '\\v',
  '\f': '\\f',
  '"': '\\"',
  '\\': '\\\\',
};

/** Escapes bytes as strace prints them between quotes: octal digits only as many as the next character allows. */
export function encodeAsStrace(bytes: string): string {
  return [...bytes]
    .map((byte, i) => {
      const code = byte.charCodeAt(0);
      if (NAMED[byte] !== undefined) return NAMED[byte];
      if (code >= 0x20 && code < 0x7f) return byte;
      const isDigitNext = /^[0-7]/.test(bytes[i + 1] ?? '');
      return `\\${isDigitNext ? code.toString(8).padStart(3, '0') : code.toString(8)}`;
    })
    .join('');
}

/** A log of the fixtures, recorded in `/tmp/strace-fixture`. */
export function recordedLog(name: string): Buffer {
  return readFileSync(new URL(`../../fixtures/strace/${name}.log`, import.meta.url));
}

/** What a log says, read in one piece unless chunks are given. */
export async function traceOf(log: string | Buffer | readonly Buffer[]): Promise<Trace> {
  const collector = new TraceCollector();
  const chunks = Array.isArray(log) ? (log as Buffer[]) : [Buffer.from(log as string, 'latin1')];
  await collector.addLog({
    stream: Readable.from(chunks),
    phases: [{ name: 'start', startOffset: 0 }],
    prefix: imagePathFromText('/.toolkit'),
    shim: imagePathFromText('/.toolkit/shim'),
    cwd: imagePathFromText('/tmp/strace-fixture'),
    uid: 0,
  });
  return collector.finish();
}

/** Accesses in short: `operation asked [-> resolved] [errno] [nofollow]`. */
export function briefly(accesses: readonly Access[]): string[] {
  return accesses.map(({ operation, asked, resolved, errno, noFollow }) =>
    [operation, asked, resolved && resolved !== asked ? `-> ${resolved}` : '', errno ?? '', noFollow ? 'nofollow' : '']
      .filter((part) => part !== '')
      .join(' '),
  );
}
