import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { TraceSlimError } from '../../errors.ts';
import { fileOf, tarOf } from '../../tar/write.ts';
import type { Daemon } from './api/connect.ts';
import { asked, statusOf } from './api/errors.ts';
import { readNdjson } from './api/ndjson.ts';

/** Where the toolkit is in a tool image. */
export const KIT_FOLDER = '/trace-slim-kit';

/** An image at the daemon that holds the toolkit for the daemon's own architecture. */
export interface ToolImage {
  readonly name: string;
  /** File name of the toolkit's dynamic loader. */
  readonly loader: string;
}

/** What a tool image is made of when nobody says: something small with Debian's packages. */
const DEFAULT_BASE = 'debian:12-slim';
const REPOSITORY = 'trace-slim-toolkit';
const LOADER = 'loader';
const BUILD_MS = 900_000;

/** Programs of the toolkit, and the Debian packages they are in. */
const PROGRAMS = 'strace dash sleep setpriv cat dd find tar socat';
const PACKAGES = 'strace dash coreutils util-linux findutils tar socat';

/** Lays programs and libraries out as the host's toolkit has them; the loader goes by one name on every architecture. */
const DOCKERFILE = `ARG BASE
FROM $BASE
USER 0
RUN for program in ${PROGRAMS}; do command -v $program >/dev/null || missing=1; done; \\
    if [ -n "$missing" ]; then apt-get update && apt-get install -qy --no-install-recommends ${PACKAGES}; fi
RUN set -e; kit=${KIT_FOLDER}; mkdir -p $kit/bin $kit/lib $kit/shim; \\
    for program in ${PROGRAMS}; do \\
      path=$(readlink -f "$(command -v $program)"); cp "$path" $kit/bin/$program; \\
      for library in $(ldd "$path" | sed -n 's/.*[[:space:]]\\(\\/[^ ]*\\) (0x.*/\\1/p'); do cp -L "$library" $kit/lib/; done; \\
    done; \\
    mv $kit/bin/dash $kit/bin/sh; \\
    ln -s "$(basename "$(ls $kit/lib/ld-* | head -n 1)")" $kit/lib/${LOADER}; ln -s ../lib/${LOADER} $kit/shim/${LOADER}
`;

/**
 * Finds the tool image of a daemon, or has the daemon build it once. `base` is an image with those programs, or with apt.
 * Errors: TOOL_MISSING with what the build said.
 */
export async function ensureToolImage(
  daemon: Daemon,
  { base = DEFAULT_BASE, signal }: { base?: string | undefined; signal: AbortSignal },
): Promise<ToolImage> {
  const tag = createHash('sha256').update(`${base}\n${DOCKERFILE}`).digest('hex').slice(0, 16);
  const name = `${REPOSITORY}:${tag}`;
  if (!(await isThere(daemon, name))) await build(daemon, name, base, signal);
  return { name, loader: LOADER };
}

async function isThere({ docker }: Daemon, name: string): Promise<boolean> {
  try {
    await docker.getImage(name).inspect();
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    return asked(Promise.reject(error), 'looking for the tool image');
  }
}

async function build({ docker }: Daemon, name: string, base: string, signal: AbortSignal): Promise<void> {
  const context = Readable.from(tarOf([fileOf('Dockerfile', Buffer.from(DOCKERFILE))], 0), { objectMode: false });
  const options = { t: name, buildargs: { BASE: base }, rm: true, forcerm: true, abortSignal: signal };
  const doing = `building the tool image from ${base}`;
  try {
    const answer = await asked(docker.buildImage(context, options), doing, { timeoutMs: BUILD_MS, signal });
    for await (const _ of readNdjson(answer as unknown as AsyncIterable<Buffer>, doing));
  } catch (cause) {
    signal.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TraceSlimError('TOOL_MISSING', `the daemon has no tracing programs of its architecture: ${why}`, {
      hint: 'Name an image of the daemon with strace, dash, setpriv, find, tar and socat in it: --tool-image NAME.',
      cause,
    });
  }
}
