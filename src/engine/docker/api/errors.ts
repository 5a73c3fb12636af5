import { type ErrorCode, errnoOf, TraceSlimError } from '../../../errors.ts';
import { patienceMs } from './patience.ts';

interface Reason {
  readonly code: ErrorCode;
  readonly hint: string;
}

/** What an errno, or a TLS library's code, between this process and the daemon means: the first that matches. */
const BY_ERRNO: readonly (Reason & { readonly pattern: RegExp })[] = [
  {
    pattern: /^(?:EACCES|EPERM)$/,
    code: 'PERMISSION_DENIED',
    hint: 'Add the user to the group of the socket (`sudo usermod -aG docker $USER`, then log in again), or run as root.',
  },
  {
    pattern: /^(?:ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)$/,
    code: 'NETWORK_FAILED',
    hint: 'See whether the host can be reached: name, VPN, proxy, firewall.',
  },
  {
    pattern: /CERT|TLS|SSL|EPROTO|SIGNATURE/,
    code: 'ENGINE_UNAVAILABLE',
    hint: 'Name the folder with ca.pem, cert.pem and key.pem: --tls-cert-path, or DOCKER_CERT_PATH with DOCKER_TLS_VERIFY=1.',
  },
  {
    pattern: /^(?:ENOENT|ENOTDIR|ECONNREFUSED|ENOTSOCK|EINVAL)$/,
    code: 'ENGINE_UNAVAILABLE',
    hint: 'See whether the daemon is running: `trace-slim doctor` shows every one that was looked for.',
  },
  {
    pattern: /^(?:ECONNRESET|EPIPE)$/,
    code: 'ENGINE_UNAVAILABLE',
    hint: 'See whether the daemon is still running, and its log. `trace-slim clean` removes what a run has left there.',
  },
];

/** What a daemon's words mean, whatever status they come with: the first that matches. */
const BY_MESSAGE: readonly (Reason & { readonly pattern: RegExp })[] = [
  {
    pattern: /HTTP request to an HTTPS server/,
    code: 'ENGINE_UNAVAILABLE',
    hint: 'The daemon wants TLS: --tls-cert-path, or DOCKER_CERT_PATH with DOCKER_TLS_VERIFY=1.',
  },
  {
    pattern: /no space left on device|disk quota exceeded/i,
    code: 'DISK_FULL',
    hint: "Free some space on the daemon's disk: docker system prune, podman system prune.",
  },
  {
    pattern:
      /no matching manifest|does not match the specified platform|no image found in (?:manifest list|image index)/i,
    code: 'PLATFORM_UNSUPPORTED',
    hint: 'Name a platform the image is made for with --platform.',
  },
  {
    pattern:
      /unauthorized|authentication required|access .*denied|(?<!permission )denied: |no basic auth|may require 'docker login'|\b40[13] /i,
    code: 'IMAGE_ACCESS_DENIED',
    hint: 'Check the name of the image, and log in to its registry: docker login, podman login.',
  },
  {
    pattern:
      /no such image|manifest .*unknown|manifest for .* not found|name unknown|image not known|repository .*not found|resolve reference .*not found/i,
    code: 'IMAGE_NOT_FOUND',
    hint: 'Check the name and the tag; `docker images` shows what the daemon has.',
  },
  {
    pattern:
      /dial tcp|no such host|i\/o timeout|TLS handshake|x509:|connection refused|toomanyrequests|unexpected EOF|server misbehaving|network is unreachable|Client\.Timeout|http: server gave HTTP response|pinging container registry/i,
    code: 'NETWORK_FAILED',
    hint: "See whether the daemon's host reaches the registry: name, proxy, certificates, rate limits.",
  },
];

/**
 * The error for a failed call to a daemon, in our codes; one that is ours already is handed back as it is. `doing` says
 * what was tried: `pulling nginx`.
 */
export function daemonError(error: unknown, doing: string): TraceSlimError {
  if (error instanceof TraceSlimError) return error;
  const status = statusOf(error);
  const errno = status === undefined ? errnoOf(error) : undefined;
  const words = wordsOf(error, errno);
  const reason =
    (errno === undefined ? undefined : BY_ERRNO.find(({ pattern }) => pattern.test(errno))) ??
    BY_MESSAGE.find(({ pattern }) => pattern.test(words));
  return new TraceSlimError(reason?.code ?? 'ENGINE_FAILED', `${doing} failed: ${words}`, {
    ...(reason ? { hint: reason.hint } : {}),
    cause: error,
    context: { ...(status ? { status } : {}), ...(errno ? { errno } : {}) },
  });
}

/** The HTTP status of a daemon's answer; undefined when there was none. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;
}

/** What a failure of the connection is called; the system's message has no words for it. */
const SAID: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket',
  ENOTDIR: 'there is no such socket',
  ECONNREFUSED: 'nobody listens there',
  EACCES: 'permission denied',
  ECONNRESET: 'the connection to the daemon broke off',
  EPIPE: 'the connection to the daemon broke off',
};

/** dockerode writes `(HTTP code 404) no such image - No such image: nginx:latest `: what counts is at the end. */
function wordsOf(error: unknown, errno = ''): string {
  const text = error instanceof Error ? error.message : String(error);
  // A host with several addresses gives an error without a message.
  if (/^(?:connect |read |write |socket hang up|aborted|$)/.test(text))
    return SAID[errno] ?? (text || errno || 'no reason given');
  return text.replace(/^\(HTTP code \d+\) .*? - /s, '').trim() || `HTTP status ${statusOf(error)}`;
}

/** For `catch` where a daemon's no, but not its silence, means that there is nothing. */
export function nothingWhenRefused(error: unknown): [] {
  if (error instanceof TraceSlimError && error.context.status !== undefined) return [];
  throw error;
}

/** Nothing is there, as far as is known. */
export function isAbsent({ code, context }: TraceSlimError): boolean {
  return code === 'TOOL_MISSING' || context.errno === 'ENOENT' || context.errno === 'ENOTDIR';
}

export interface AskOptions {
  /** Default: {@link patienceMs}. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Waits for one API call no longer than its deadline, and maps its failure. A daemon behind a connection that swallows
 * everything gives ENGINE_UNAVAILABLE. Rejects with the signal's reason when aborted.
 */
export async function asked<T>(work: Promise<T>, doing: string, options: AskOptions = {}): Promise<T> {
  const { signal, timeoutMs = patienceMs() } = options;
  // Nobody may be waiting any more when it fails.
  work.catch(() => {});
  signal?.throwIfAborted();
  let stop = () => {};
  const given = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(() => reject(noAnswer(doing, timeoutMs)), timeoutMs);
    const aborted = () => reject(signal?.reason);
    signal?.addEventListener('abort', aborted, { once: true });
    stop = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
    };
  });
  try {
    return await Promise.race([work, given]);
  } catch (error) {
    signal?.throwIfAborted();
    throw daemonError(error, doing);
  } finally {
    stop();
  }
}

function noAnswer(doing: string, timeoutMs: number): TraceSlimError {
  return new TraceSlimError(
    'ENGINE_UNAVAILABLE',
    `${doing} failed: no answer from the daemon within ${timeoutMs / 1000} s`,
    {
      hint: 'See whether the daemon hangs, or the connection to it swallows packets (VPN, firewall).',
    },
  );
}
