import { TraceSlimError } from '../../../errors.ts';

/** Where a daemon listens. */
export type DaemonAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly isTls: boolean }
  | {
      readonly kind: 'ssh';
      readonly user?: string;
      readonly host: string;
      readonly port?: number;
      readonly path?: string;
    };

const PORT = { plain: 2375, tls: 2376 };

/** As `docker --host` takes them; a bare path is a socket, a bare `host:port` is TCP. */
const FORMS = 'unix:///path, tcp://host:port or ssh://user@host';

/**
 * Reads the address of a daemon. `isTls` says whether certificates are wanted where the scheme leaves it open.
 * Fails with USAGE_INVALID.
 */
export function parseAddress(text: string, isTls: boolean): DaemonAddress {
  if (text.startsWith('/')) return { kind: 'unix', path: text };
  const [, scheme = 'tcp', rest = ''] = /^(?:([a-z]+):\/\/)?(.*)$/s.exec(text) ?? [];
  if (scheme === 'unix') {
    if (!rest.startsWith('/')) throw unreadable(text, 'a unix socket needs an absolute path');
    return { kind: 'unix', path: rest };
  }
  if (scheme === 'ssh') return parseSsh(text);
  if (scheme === 'tcp' || scheme === 'http' || scheme === 'https') {
    return parseTcp(text, rest, scheme === 'https' || (scheme === 'tcp' && isTls));
  }
  throw unreadable(text, `${scheme}:// is not supported`);
}

function parseTcp(text: string, rest: string, isTls: boolean): DaemonAddress {
  const url = urlOf(`http://${rest.startsWith(':') ? 'localhost' : ''}${rest || 'localhost'}`, text);
  if (url.pathname !== '/' || url.search !== '') throw unreadable(text, 'a path after the port is not supported');
  // Port 80 of an `http:` URL is dropped as its default.
  const isPort80 = /:80$/.test(rest);
  const port = url.port === '' ? (isPort80 ? 80 : isTls ? PORT.tls : PORT.plain) : Number(url.port);
  return { kind: 'tcp', host: url.hostname.replace(/^\[|\]$/g, ''), port, isTls };
}

function parseSsh(text: string): DaemonAddress {
  const url = urlOf(text, text);
  if (url.password !== '') throw unreadable(text.replace(/:[^:@]*@/, ':…@'), 'ssh takes no password in an address');
  // A host that looks like an option would be one.
  if (!/^[\w[]/.test(url.hostname) || url.username.startsWith('-')) throw unreadable(text, 'it names no host');
  return {
    kind: 'ssh',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    ...(url.username === '' ? {} : { user: decodeURIComponent(url.username) }),
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    ...(url.pathname === '' || url.pathname === '/' ? {} : { path: decodeURIComponent(url.pathname) }),
  };
}

function urlOf(url: string, text: string): URL {
  try {
    return new URL(url);
  } catch (cause) {
    throw unreadable(text, 'it cannot be read', cause);
  }
}

function unreadable(text: string, why: string, cause?: unknown): TraceSlimError {
  return new TraceSlimError('USAGE_INVALID', `${text} is no address of a daemon: ${why}`, {
    hint: `Use ${FORMS}.`,
    cause,
  });
}
