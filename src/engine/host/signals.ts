import { constants } from 'node:os';

/** The first and last real-time signal as glibc numbers them; STOPSIGNAL may be `SIGRTMIN+3`, as systemd images have. */
const RTMIN = 34;
const RTMAX = 64;

/** Number of a signal, such as an image's STOPSIGNAL: a name with or without `SIG`, a number, `RTMIN+n`, `RTMAX-n`. SIGTERM when absent or unknown. */
export function signalNumber(signal: string | undefined): number {
  const name = (signal ?? '').toUpperCase().replace(/^SIG/, '');
  if (/^\d+$/.test(name)) return Number(name);
  const realTime = /^(RTMIN|RTMAX)([+-]\d+)?$/.exec(name);
  if (realTime) return (realTime[1] === 'RTMIN' ? RTMIN : RTMAX) + Number(realTime[2] ?? 0);
  return constants.signals[`SIG${name}` as NodeJS.Signals] ?? constants.signals.SIGTERM;
}
