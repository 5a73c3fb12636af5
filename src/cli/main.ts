import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { EXIT } from '../errors.ts';
import { Interruption } from './interruption.ts';
import { runProgram } from './program.ts';
import type { Session } from './session.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs the program and ends the process. */
async function main(argv: readonly string[]): Promise<never> {
  const controller = new AbortController();
  let interruption: Interruption | undefined;
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (interruption) return endBySignal(name);
      interruption = new Interruption(name);
      process.stderr.write(`\n${name}: stopping and cleaning up; once more to stop at once\n`);
      controller.abort(interruption);
    });
  }
  // Whoever read our output has seen enough; what was to be done is done all the same.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreBrokenPipe);
  const status = await run(argv, newSession(controller.signal));
  await flush();
  process.exit(interruption?.exitStatus ?? status);
}

/** Options may be what is wrong, so what they say about output is guessed. */
async function run(argv: readonly string[], session: Session): Promise<number> {
  try {
    return await runProgram(argv, session);
  } catch (thrown) {
    if (isDone(thrown)) return EXIT.ok;
    const [{ describeFailure }, { tellFailure }, { wantsColor }] = await Promise.all([
      import('./failure.ts'),
      import('./tell-failure.ts'),
      import('./color.ts'),
    ]);
    const json = /^(?:--?json(?:=true)?|--?output-format[=\n]json)$/m.test(argv.join('\n'));
    const verbose = argv.includes('-v') || argv.includes('--verbose');
    const color = wantsColor(session.stderr, !argv.includes('--no-color'), session.env);
    return tellFailure(describeFailure(thrown, session), { json, verbose, color }, session);
  }
}

function newSession(signal: AbortSignal): Session {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const { env, stdout, stderr } = process;
  return {
    version,
    env,
    // Opening standard input makes the process wait for it: only when it is read.
    get stdin() {
      return process.stdin;
    },
    stdout,
    stderr,
    signal,
    pipeline: () => import('../pipeline.ts'),
  };
}

/** At once, whatever is still being waited for: `process.exit` would wait for a blocked file operation. */
function endBySignal(name: NodeJS.Signals): void {
  process.removeAllListeners(name);
  process.kill(process.pid, name);
}

/** `--help` and `--version` end by an exception too. */
function isDone(thrown: unknown): boolean {
  return thrown instanceof CommanderError && thrown.exitCode === EXIT.ok;
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return;
  process.exit(EXIT.internal);
}

function flush(): Promise<unknown> {
  return Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))),
  );
}

await main(process.argv.slice(2));
