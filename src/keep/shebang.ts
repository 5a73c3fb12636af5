import { bytesOf } from '../rootfs/path.ts';
import { findProgram } from '../rootfs/programs.ts';
import type { ImageFacts } from './rule.ts';

/**
 * The programs that a `#!` line (without these two characters) needs: the interpreter and, for `env`, the program that it
 * looks up on the image's PATH. Absolute byte strings, links not resolved.
 */
export function interpretersOf(shebang: string, { rootfs, config }: Pick<ImageFacts, 'rootfs' | 'config'>): string[] {
  const [interpreter, ...words] = shebang.split(/[ \t]+/);
  if (!interpreter?.startsWith('/')) return [];
  if (!/\/env$/.test(interpreter)) return [interpreter];
  const name = words.find((word) => !word.startsWith('-') && !word.includes('='));
  const found = name && findProgram(rootfs, name, { env: config.Env ?? [], cwd: config.WorkingDir });
  return found ? [interpreter, bytesOf(found)] : [interpreter];
}
