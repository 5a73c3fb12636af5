import type { OutputStream } from './session.ts';

/** Whether to colour what goes to a stream. Source: https://no-color.org, https://force-color.org. */
export function wantsColor(stream: OutputStream, allowed: boolean, env: NodeJS.ProcessEnv): boolean {
  if (!allowed || env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0';
  return stream.isTTY === true && env.TERM !== 'dumb';
}
