import { bytesOf, joinPath, toImagePath } from './path.ts';
import { resolvePath } from './resolve.ts';
import type { RootFs } from './rootfs.ts';

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Where an image has a program, as execvp(3) would look for it: a name with a slash as it is, anything else in each folder
 * of PATH. The path as found, links not resolved, in text; undefined when there is no such file.
 */
export function findProgram(
  rootfs: RootFs,
  program: string,
  context: { env: readonly string[]; cwd: string | undefined },
): string | undefined {
  const cwd = toImagePath(bytesOf(context.cwd || '/'));
  const path = context.env.findLast((entry) => entry.startsWith('PATH='))?.slice('PATH='.length) ?? DEFAULT_PATH;
  const candidates = program.includes('/') ? [program] : path.split(':').map((folder) => `${folder || '.'}/${program}`);
  return candidates.find((candidate) => resolvePath(rootfs, joinPath(cwd, bytesOf(candidate))).entry?.type === 'file');
}
