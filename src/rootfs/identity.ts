import { TraceSlimError } from '../errors.ts';
import { imagePathFromText } from './path.ts';
import { resolvePath } from './resolve.ts';
import type { RootFs } from './rootfs.ts';

/** Who a container's processes run as. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  readonly home: string;
}

const ACCOUNT_FILE_MAX_BYTES = 1 << 20;

/**
 * Resolves a USER (`name`, `uid`, `name:group`, `uid:gid`, empty) against the image's own account files, as Docker does: a
 * number needs no account; a name does. Errors: USER_NOT_FOUND.
 */
export async function resolveIdentity(rootfs: RootFs, user: string): Promise<Identity> {
  const [userPart = '', groupPart] = user.split(':');
  const accounts = await readFields(rootfs, '/etc/passwd');
  const groups = await readFields(rootfs, '/etc/group');
  const wanted = userPart === '' ? '0' : userPart;
  const account = accounts.find(([name, , uid]) => name === wanted || uid === wanted);
  const uid = account ? Number(account[2]) : numberOrFail(wanted, 'user');
  const additionalGids = groupPart
    ? []
    : groups
        .filter((group) => account && (group[3] ?? '').split(',').includes(account[0] ?? ''))
        .map((group) => Number(group[2]));
  return {
    uid,
    gid: groupPart ? groupId(groups, groupPart) : Number(account?.[3] ?? 0),
    additionalGids: additionalGids.filter(Number.isInteger),
    home: account?.[5] || '/',
  };
}

function groupId(groups: readonly string[][], wanted: string): number {
  const group = groups.find(([name, , gid]) => name === wanted || gid === wanted);
  return group ? Number(group[2]) : numberOrFail(wanted, 'group');
}

function numberOrFail(text: string, what: 'user' | 'group'): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new TraceSlimError('USER_NOT_FOUND', `the image has no ${what} named ${text} to run as`, {
    hint: 'Give a numeric one with --user.',
  });
}

async function readFields(rootfs: RootFs, path: string): Promise<string[][]> {
  const { entry } = resolvePath(rootfs, imagePathFromText(path));
  if (entry?.type !== 'file') return [];
  const content = await rootfs.read(entry.path, 0, Math.min(entry.sizeBytes, ACCOUNT_FILE_MAX_BYTES));
  return content
    .toString('utf8')
    .split('\n')
    .map((line) => line.split(':'));
}
