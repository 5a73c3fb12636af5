import type { PathPermissions } from '../settings.ts';
import { invalid } from './values.ts';

const SUFFIX = /^(?<path>\/.*):(?<mode>[0-7]{3,5})?(?:#(?<uid>\d*)(?:#(?<gid>\d*))?)?$/;
const MAX_MODE = 0o7777;
/** The largest id that is one: (uid_t)-1 means "no change". */
const MAX_ID = 2 ** 32 - 2;

type Split = Pick<PathPermissions, 'path' | 'mode' | 'uid' | 'gid'>;

/** SlimToolkit's `PATH:MODE#UID#GID`, of which all but the path may be missing: only what is there is changed. */
export function splitPathPermissions(option: string, text: string): Split {
  const { path, mode = '', uid = '', gid = '' } = SUFFIX.exec(text)?.groups ?? {};
  if (path === undefined || mode + uid + gid === '') return { path: text };
  const numbers = { mode: Number.parseInt(mode, 8), uid: Number.parseInt(uid, 10), gid: Number.parseInt(gid, 10) };
  if (numbers.mode > MAX_MODE) throw invalid(option, text, 'give a mode from 000 to 7777');
  if (numbers.uid > MAX_ID || numbers.gid > MAX_ID) throw invalid(option, text, `ids go up to ${MAX_ID}`);
  return { path, ...Object.fromEntries(Object.entries(numbers).filter(([, number]) => !Number.isNaN(number))) };
}

/** The same where the path alone says nothing. */
export function parsePathPermissions(option: string, text: string): PathPermissions {
  const split = splitPathPermissions(option, text);
  if (Object.keys(split).length > 1) return { option, ...split };
  throw invalid(option, text, 'give PATH:MODE#UID#GID, for example /app/run.sh:755#1000#1000');
}
