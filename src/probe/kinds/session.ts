import type { HttpCommand } from '../../settings.ts';
import { CookieJar } from './cookies.ts';

/** What the items of one sequence share during one run. */
export interface Session {
  readonly cookies: CookieJar;
  /** Captured values by name. */
  readonly values: Map<string, string>;
}

/** A session in which nothing has happened yet. */
export function newSession(): Session {
  return { cookies: new CookieJar(), values: new Map() };
}

/** A request with headers that take the place of its own, and with the session's cookies unless these do too. */
export function inSession(
  command: HttpCommand,
  headers: Readonly<Record<string, string>>,
  { cookies }: Session,
): HttpCommand {
  const cookie = cookies.header(command.resource);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const own = [...command.headers, ...(cookie === undefined ? [] : [`Cookie: ${cookie}`])];
  return { ...command, headers: [...own.filter((line) => !names.has(headerName(line))), ...lines] };
}

function headerName(line: string): string {
  return line.slice(0, line.indexOf(':')).toLowerCase();
}

/**
 * A copy of a spec in which `${name}` has become the captured value, in every string, for the given names; all other
 * text stays as it is, so that shell variables survive. Names without a value so far are given to `onMissing`.
 */
export function fillIn<T>(value: T, names: readonly string[], session: Session, onMissing: (name: string) => void): T {
  if (names.length === 0) return value;
  const fill = (text: string) =>
    text.replace(/\$\{([\w-]+)\}/g, (whole, name: string) => {
      if (!names.includes(name)) return whole;
      const found = session.values.get(name);
      if (found === undefined) onMissing(name);
      return found ?? whole;
    });
  return mapStrings(value, fill) as T;
}

function mapStrings(value: unknown, fill: (text: string) => string): unknown {
  if (typeof value === 'string') return fill(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, fill));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, fill)]));
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
