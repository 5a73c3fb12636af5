import { addAbortSignal, type Readable } from 'node:stream';
import { TraceSlimError } from '../../../errors.ts';
import { formatPlatform } from '../../../image/platform.ts';
import { parseImageName } from '../../../image/reference.ts';
import type { Platform } from '../../../image/types.ts';
import { findCredentials } from './credentials.ts';
import type { Daemon } from './daemon.ts';
import { daemonError } from './errors.ts';
import { readNdjson } from './ndjson.ts';
import { PullProgress } from './pull-progress.ts';

/** Registries send nothing for a while when they are busy; nothing at all for this long is a dead connection. */
const STALL_MS = 120_000;

export interface PullOptions {
  /** Absent: what the daemon's host runs. */
  readonly platform?: Platform | undefined;
  readonly signal: AbortSignal;
  /** Gets one line at a time: how far it is. */
  readonly progress: (text: string) => void;
  /** Longest time without a message. Default 120 s. */
  readonly stallMs?: number;
}

/**
 * Makes the daemon pull an image with the user's login for its registry. Errors: USAGE_INVALID for what is no name,
 * IMAGE_NOT_FOUND, IMAGE_ACCESS_DENIED, PLATFORM_UNSUPPORTED, NETWORK_FAILED (also when nothing comes any more), DISK_FULL.
 */
export async function pullImage(daemon: Daemon, name: string, options: PullOptions): Promise<void> {
  const { signal, platform, progress, stallMs = STALL_MS } = options;
  const doing = `pulling ${name}`;
  const parsed = parseImageName(name);
  if (!parsed) throw new TraceSlimError('USAGE_INVALID', `${name} is no name of an image`);
  const { credentials, problems } = await findCredentials(parsed, { engine: daemon.name, signal });
  using stall = new StallWatch(doing, stallMs);
  const abortSignal = AbortSignal.any([signal, stall.signal]);
  try {
    const stream = await daemon.docker.createImage(credentials, {
      fromImage: `${parsed.registry}/${parsed.repository}`,
      tag: parsed.digest ?? parsed.tag ?? 'latest',
      ...(platform ? { platform: formatPlatform(platform) } : {}),
      abortSignal,
    });
    const shown = new PullProgress(name, progress);
    for await (const message of readNdjson(addAbortSignal(abortSignal, stream as Readable), doing)) {
      stall.seen();
      shown.add(message);
    }
  } catch (error) {
    signal.throwIfAborted();
    stall.signal.throwIfAborted();
    throw withProblems(daemonError(error, doing), problems);
  }
}

/** Aborts with NETWORK_FAILED when nothing has been seen for a while. */
class StallWatch {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(doing: string, stallMs: number) {
    this.#timer = setTimeout(() => {
      const message = `${doing} failed: the daemon has sent nothing for ${stallMs / 1000} s`;
      const hint = "See whether the daemon's host reaches the registry: VPN, proxy, firewall.";
      this.#controller.abort(new TraceSlimError('NETWORK_FAILED', message, { hint }));
    }, stallMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  seen(): void {
    this.#timer.refresh();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** A login that could not be read is the likely reason for a refusal. */
function withProblems(error: TraceSlimError, problems: readonly string[]): TraceSlimError {
  if (error.code !== 'IMAGE_ACCESS_DENIED' || problems.length === 0) return error;
  const { code, message, context, cause } = error;
  return new TraceSlimError(code, message, { context, cause, hint: `No login was found: ${problems.join('; ')}.` });
}
