import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BUILDER = fileURLToPath(new URL('../../fixtures/images/build.sh', import.meta.url));

/** Path of a fixture image's docker-archive; built on first use, which can take minutes. */
export function fixtureImage(name: string): string {
  return execFileSync('bash', [BUILDER, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}
