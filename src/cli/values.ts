import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { errnoOf, TraceSlimError } from '../errors.ts';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const UNIT_BYTES: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };
/** Longer timers overflow in Node and fire at once. */
const MAX_DURATION_MS = 2 ** 31 - 1;

/** Milliseconds from `90`, `90s`, `2m`, `500ms`; a bare number is seconds. */
export function parseDuration(option: string, text: string): number {
  const [, number = '', unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  const durationMs = Number(number) * (UNIT_MS[unit] ?? 1000);
  if (number === '' || durationMs > MAX_DURATION_MS) {
    throw invalid(option, text, 'give a time such as 30s, 2m or a number of seconds');
  }
  return Math.round(durationMs);
}

export function parseCount(option: string, text: string, minimum: number): number {
  const count = Number(text);
  if (!/^\d{1,9}$/.test(text) || count < minimum) throw invalid(option, text, `give a whole number from ${minimum} up`);
  return count;
}

/** TCP port numbers from `80`, `80/tcp`, `80,8080`, several times. */
export function parsePorts(option: string, texts: readonly string[]): number[] {
  return texts.flatMap((text) => text.split(',')).map((text) => parsePort(option, text.trim()));
}

/** Reads a file that an option names. */
export async function readOptionFile(option: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const why = errnoOf(error) === 'ENOENT' ? 'no such file' : (errnoOf(error) ?? 'unreadable');
    throw new TraceSlimError('USAGE_INVALID', `cannot read ${option} ${path}: ${why}`, {
      hint: 'the path is taken from the current folder of this computer, not from the image',
      cause: error,
    });
  }
}

/** Refuses a file that could not be written: that should not be found out after all the work. */
export async function checkNewFile(option: string, path: string): Promise<void> {
  const file = resolve(path);
  const [folder, inPlace] = await Promise.all([dirname(file), file].map((each) => stat(each).catch(() => undefined)));
  if (folder?.isDirectory() && !inPlace?.isDirectory()) return;
  const why = inPlace ? 'it is a folder' : 'there is no such folder';
  throw new TraceSlimError('USAGE_INVALID', `cannot write ${option} ${JSON.stringify(path)}: ${why}`, {
    hint: 'name a file in a folder that is there',
  });
}

/** Bytes from `64m`, `1g`, `65536`, as Docker reads sizes: powers of 1024. */
export function parseSize(option: string, text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,12}(?:\.\d+)?)([bkmgt]?)(?:i?b)?$/i.exec(text.trim()) ?? [];
  const bytes = Math.round(Number(number) * (UNIT_BYTES[unit.toLowerCase()] ?? 1));
  if (number === '' || !Number.isSafeInteger(bytes)) throw invalid(option, text, 'give a size such as 64m or 1g');
  return bytes;
}

/** `NAME=value` entries; the last one of a name counts, and a lone name has an empty value. */
export function parseNamed(option: string, texts: readonly string[]): Record<string, string> {
  const entries = texts.map((text): [string, string] => {
    const [name = '', value = ''] = text.split(/=(.*)/s);
    if (name === '') throw invalid(option, text, 'use NAME=value');
    return [name, value];
  });
  return Object.fromEntries(entries);
}

export function invalid(option: string, value: string, hint: string): TraceSlimError {
  return new TraceSlimError('USAGE_INVALID', `${option} does not take ${JSON.stringify(value)}`, { hint });
}

function parsePort(option: string, text: string): number {
  const [, digits = ''] = /^(\d{1,5})(?:\/tcp)?$/.exec(text) ?? [];
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw invalid(option, text, 'give TCP port numbers such as 80 or 80,8080');
  return port;
}
