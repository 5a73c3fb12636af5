import type { ToolkitPaths } from '../engine/types.ts';
import { shellWord, shellWords } from './shell-word.ts';

/** Files of the log folder by which a gate and the tracer find each other. */
export const gateFiles = {
  /** Holds the id of the process that waits. */
  request: (logName: string) => `.gate-${logName}`,
  /** Not empty once that process is traced. */
  opened: (logName: string) => `.open-${logName}`,
};

/**
 * The command line of a process that waits until it is traced into the log `logName`, and then becomes `command`. `env` is
 * what it is started with: the shell that waits adds to it nothing that stays.
 */
export function gatedCommand(
  toolkit: ToolkitPaths,
  logName: string,
  command: readonly string[],
  env: readonly string[],
): string[] {
  const { launcher, sh, unprivileged } = toolkit;
  return [...launcher, sh, '-c', gateScript(toolkit, logName, env), GATE, ...unprivileged, ...command];
}

/** What messages of the waiting shell begin with. */
const GATE = 'gate';

const NAP_SECONDS = '0.01';
/** Some minute: the tracer is gone, and nobody else will open the gate. */
const MOST_NAPS = 4000;

/** Its look-ups are lines of the log, by which the tracer knows that it sees them. */
function gateScript(toolkit: ToolkitPaths, logName: string, env: readonly string[]): string {
  const { launcher, sleep, logs } = toolkit;
  const request = shellWord(`${logs}/${gateFiles.request(logName)}`);
  const opened = shellWord(`${logs}/${gateFiles.opened(logName)}`);
  const nap = shellWords([...launcher, sleep, NAP_SECONDS]);
  const isOwnDirectory = env.some((entry) => entry.startsWith('PWD='));
  return [
    'naps=0',
    `echo $$ >${request}`,
    `until [ -s ${opened} ]; do`,
    `  [ $((naps += 1)) -le ${MOST_NAPS} ] || { echo "$0: no tracer has come" >&2; exit 125; }`,
    `  ${nap}`,
    'done',
    ...(isOwnDirectory ? [] : ['unset PWD']),
    'exec "$@"',
  ].join('\n');
}

const SHELL_NAME = /^[A-Za-z_]\w*$/;

/** Names of environment entries that a shell does not pass on. */
export function namesLostBehindGate(env: readonly string[]): string[] {
  return env.map((entry) => entry.split('=', 1)[0] ?? '').filter((name) => !SHELL_NAME.test(name));
}
