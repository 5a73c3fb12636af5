import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { bytesOf, displayPath } from '../../rootfs/path.ts';
import { since } from '../outcome.ts';
import type { Fact, Outcome } from '../types.ts';

const MAX_TEXT_BYTES = 1024 * 1024;
const MAX_SUMMARY_LENGTH = 200;

/** What came of a conversation with a server. */
export interface Talk {
  readonly facts: readonly Fact[];
  readonly summary: string;
  /** Why it did not come to its end, or what was not as expected. */
  readonly failure?: string | undefined;
}

/** The outcome of a conversation: ok unless it failed. `startedAt` as `performance.now()`. */
export function talkOutcome(probe: string, { facts, summary, failure }: Talk, startedAt: number): Outcome {
  const failed: Fact[] = failure === undefined ? [] : [{ name: 'failure', value: bytesOf(failure), compare: 'text' }];
  return {
    probe,
    ok: failure === undefined,
    summary: shownLine(failure ?? summary),
    durationMs: since(startedAt),
    facts: [...facts, ...failed],
  };
}

/** Text that is compared word by word, or the digest of anything else. */
export function contentFact(name: string, bytes: Buffer): Fact {
  const isText = bytes.length <= MAX_TEXT_BYTES && isUtf8(bytes) && !bytes.includes(0);
  if (isText) return { name, value: bytes.toString('latin1'), compare: 'text' };
  return { name, value: digestOf(bytes), compare: 'exact' };
}

/** Names bytes that are no text. */
export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')} ${bytes.length} B`;
}

/** One line for people of what a server said. */
function shownLine(text: string): string {
  return displayPath(bytesOf(text.replace(/\s+/g, ' '))).slice(0, MAX_SUMMARY_LENGTH);
}
