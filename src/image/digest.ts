import { createHash } from 'node:crypto';
import { TraceSlimError } from '../errors.ts';
import type { Digest } from './types.ts';

/** Parses `sha256:` and 64 hex digits; undefined for anything else, other algorithms included. */
export function parseDigest(text: string): Digest | undefined {
  return /^sha256:[0-9a-f]{64}$/.test(text) ? (text as Digest) : undefined;
}

/** The hex part of a digest. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

export function digestOf(bytes: Buffer | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** What a blob must turn out to be. */
export interface Expectation {
  /** For messages, e.g. `layer sha256:...`. */
  readonly subject: string;
  readonly digest?: Digest | undefined;
  readonly sizeBytes?: number | undefined;
}

/**
 * Passes bytes through and fails with DIGEST_MISMATCH at their end when digest or size differ, or as soon as there are
 * more bytes than there may be.
 */
export async function* verified(bytes: AsyncIterable<Buffer>, expected: Expectation): AsyncGenerator<Buffer> {
  const hash = expected.digest === undefined ? undefined : createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of bytes) {
    sizeBytes += chunk.length;
    if (expected.sizeBytes !== undefined && sizeBytes > expected.sizeBytes) throw wrongSize(expected, sizeBytes);
    hash?.update(chunk);
    yield chunk;
  }
  if (expected.sizeBytes !== undefined && sizeBytes !== expected.sizeBytes) throw wrongSize(expected, sizeBytes);
  if (hash) requireDigest(expected, `sha256:${hash.digest('hex')}`);
}

/** Fails with DIGEST_MISMATCH when bytes held in memory are not what was expected. */
export function requireBytes(bytes: Buffer, expected: Expectation): void {
  if (expected.sizeBytes !== undefined && bytes.length !== expected.sizeBytes) {
    throw wrongSize(expected, bytes.length);
  }
  requireDigest(expected, digestOf(bytes));
}

function requireDigest({ subject, digest }: Expectation, actual: Digest): void {
  if (digest !== undefined && digest !== actual) throw mismatch(`${subject} has the wrong digest ${actual}`);
}

function wrongSize(expected: Expectation, sizeBytes: number): TraceSlimError {
  return mismatch(`${expected.subject} has ${sizeBytes} bytes or more instead of ${expected.sizeBytes}`);
}

function mismatch(message: string): TraceSlimError {
  return new TraceSlimError('DIGEST_MISMATCH', message, {
    hint: 'The archive is damaged or was changed: save or download the image again.',
  });
}
