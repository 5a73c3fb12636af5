import type { Container, ExecResult, ToolkitPaths } from '../engine/types.ts';
import { TraceSlimError } from '../errors.ts';
import { lastLines } from '../probe/last-log.ts';
import { poll } from '../probe/poll.ts';
import { gateFiles } from './gate.ts';
import { shellWord, shellWords } from './shell-word.ts';
import { attachingStrace } from './strace-command.ts';

const ATTACH_TIMEOUT_MS = 30_000;

/**
 * A root process in a container that attaches to whatever waits behind a gate there. Unlike a tracer that starts the
 * application, it takes no privileges from programs whose files give some.
 */
export class AttachingTracer implements AsyncDisposable {
  readonly #container: Container;
  readonly #end = new AbortController();
  readonly #ended: Promise<ExecResult | undefined>;
  #isOver = false;

  constructor(container: Container) {
    this.#container = container;
    const command = (toolkit: ToolkitPaths) => [...toolkit.launcher, toolkit.sh, '-c', tracerScript(toolkit)];
    this.#ended = container
      .exec({ command, asTracer: true }, { signal: this.#end.signal })
      .catch(() => undefined)
      .finally(() => {
        this.#isOver = true;
      });
  }

  /** Waits until the process that writes the log `logName` is traced and goes on. Errors: TRACE_EMPTY. */
  async attached(logName: string, signal: AbortSignal): Promise<void> {
    const isOpened = async () => (await this.#container.logSize(gateFiles.opened(logName))) > 0;
    const isDone = async () => (await isOpened()) || this.#isOver || this.#container.result() !== undefined;
    await poll(async () => (await isDone()) || undefined, { timeoutMs: ATTACH_TIMEOUT_MS, signal });
    if (await isOpened()) return;
    throw new TraceSlimError('TRACE_EMPTY', 'the tracer could not attach to the application before it started', {
      hint: 'Run `trace-slim doctor`, or see whether it can be traced with --tracer wrap.',
      context: { log: await this.#complaints() },
    });
  }

  /** To be disposed of once what it traces has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#ended;
  }

  async #complaints(): Promise<string> {
    const result = this.#isOver ? await this.#ended : this.#container.result();
    return lastLines((result?.stderr ?? Buffer.alloc(0)).toString('utf8'));
  }
}

const NAP_SECONDS = '0.02';

/**
 * Attaches to every process that asks for it, once, and lets it go on when its first call is in the log. What the requests
 * say is not trusted: the application could write some.
 */
function tracerScript(toolkit: ToolkitPaths): string {
  const { launcher, sleep, logs } = toolkit;
  const nap = shellWords([...launcher, sleep, NAP_SECONDS]);
  const prefix = gateFiles.request('');
  return `cd ${shellWord(logs)} || exit
attach() {
  ${shellWords(attachingStrace(toolkit))} -o "$1" -p "$2" &
  until [ -s "$1" ]; do
    kill -0 $! || exit
    ${nap}
  done
  echo opened >"${gateFiles.opened('$1')}"
  wait
}
known=' '
while :; do
  for request in ${prefix}*; do
    name=\${request#${prefix}}
    case $known in *" $name "*) continue ;; esac
    case $name in '' | *[!a-z0-9-]*) continue ;; esac
    [ -s "$request" ] || continue
    read -r pid <"$request"
    case $pid in '' | *[!0-9]*) continue ;; esac
    known="$known$name "
    attach "$name" "$pid" &
  done
  ${nap}
done`;
}
