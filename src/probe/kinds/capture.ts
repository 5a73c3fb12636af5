import { boundedWork } from '../bounded-work.ts';
import type { HttpReply } from '../exchange.ts';
import { valuesAt } from '../json-path.ts';
import type { Captured } from './http-spec.ts';
import { regexOf } from './matcher.ts';
import type { Session } from './session.ts';

type Answer = Extract<HttpReply, { kind: 'answer' }>;

const MAX_LENGTH = 64 * 1024;

/** Keeps the values that an answer has for a session. Gives the names of those it does not have. */
export function captureAll(wanted: Readonly<Record<string, Captured>>, answer: Answer, session: Session): string[] {
  return Object.entries(wanted).flatMap(([name, captured]) => {
    const value = capturedValue(captured, answer, session);
    if (value === undefined || value.length > MAX_LENGTH || value.includes('\0')) return [name];
    session.values.set(name, value);
    return [];
  });
}

function capturedValue(captured: Captured, { headers, body }: Answer, { cookies }: Session): string | undefined {
  if ('header' in captured) return [headers[captured.header.toLowerCase()]].flat()[0];
  if ('cookie' in captured) return cookies.get(captured.cookie);
  const text = body.bytes?.toString('utf8') ?? '';
  if ('json' in captured) return jsonValue(text, captured.json);
  const found = boundedWork(() => regexOf(captured.body)?.exec(text), undefined);
  return found?.[1] ?? found?.[0];
}

/** Undefined also for a value that is nested too deep to be written. */
function jsonValue(text: string, path: string): string | undefined {
  try {
    return textOf(valuesAt(JSON.parse(text), path)[0]);
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
