import type { ImagePath } from '../rootfs/path.ts';
import type { Reason } from './keep-set.ts';

/** A path of the image (links on its way already resolved) that is kept for a reason of its own, not as a consequence. */
export interface Seed {
  readonly path: ImagePath;
  readonly reason: Reason;
}
