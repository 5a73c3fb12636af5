interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

const MAX_COOKIES = 200;

/** The cookies of one server, as RFC 6265 keeps them, without domains: there is only one host. */
export class CookieJar {
  readonly #cookies = new Map<string, Cookie>();

  /** Takes the values of `Set-Cookie` headers that came with an answer to a request for `target`. */
  store(lines: readonly string[], target: string): void {
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const equals = pair.indexOf('=');
      if (equals < 1) continue;
      const [name, value] = [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
      const given = attributeOf(attributes, 'path');
      const path = given?.startsWith('/') ? given : folderOf(target);
      const key = `${name};${path}`;
      this.#cookies.delete(key);
      if (!isExpired(attributes) && this.#cookies.size < MAX_COOKIES) this.#cookies.set(key, { name, value, path });
    }
  }

  /** The value of the `Cookie` header for a request for `target`; undefined when there are none. */
  header(target: string): string | undefined {
    const path = pathOf(target);
    const fitting = [...this.#cookies.values()].filter((cookie) => covers(cookie.path, path));
    const longestFirst = fitting.sort((a, b) => b.path.length - a.path.length);
    return longestFirst.length > 0 ? longestFirst.map(({ name, value }) => `${name}=${value}`).join('; ') : undefined;
  }

  /** The value of a cookie, whatever its path. */
  get(name: string): string | undefined {
    return [...this.#cookies.values()].find((cookie) => cookie.name === name)?.value;
  }
}

function attributeOf(attributes: readonly string[], name: string): string | undefined {
  const found = attributes.find((attribute) => attribute.toLowerCase().startsWith(`${name}=`));
  return found?.slice(name.length + 1);
}

function isExpired(attributes: readonly string[]): boolean {
  const maxAge = attributeOf(attributes, 'max-age');
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Number(maxAge) <= 0;
  const expires = Date.parse(attributeOf(attributes, 'expires') ?? '');
  return expires <= Date.now();
}

function covers(cookiePath: string, path: string): boolean {
  if (!path.startsWith(cookiePath)) return false;
  return path.length === cookiePath.length || cookiePath.endsWith('/') || path[cookiePath.length] === '/';
}

function folderOf(target: string): string {
  const path = pathOf(target);
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}

function pathOf(target: string): string {
  return target.split(/[?#]/, 1)[0] || '/';
}
