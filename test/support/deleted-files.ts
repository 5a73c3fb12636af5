import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hex, sha256 } from './images.ts';
import { tarBytes } from './tar.ts';

interface Manifest {
  Config: string;
  readonly Layers: string[];
}

/** Writes a docker-archive like `source` with files deleted, as a further layer does it. Gives its path. */
export function withDeletedFiles(source: string, folder: string, paths: readonly string[]): string {
  const content = join(folder, 'content');
  mkdirSync(content, { recursive: true });
  execFileSync('tar', ['-xf', source, '-C', content]);
  const manifests: [Manifest] = JSON.parse(readFileSync(join(content, 'manifest.json'), 'utf8'));
  const [manifest] = manifests;
  const layer = tarBytes(paths.map((path) => ({ name: whiteout(path) })));
  const config = JSON.parse(readFileSync(join(content, manifest.Config), 'utf8'));
  config.rootfs.diff_ids.push(sha256(layer));
  config.history = [];
  const configText = JSON.stringify(config);
  manifest.Config = `${hex(configText)}.json`;
  manifest.Layers.push('deletions.tar');
  writeFileSync(join(content, manifest.Config), configText);
  writeFileSync(join(content, 'deletions.tar'), layer);
  writeFileSync(join(content, 'manifest.json'), JSON.stringify(manifests));
  const archive = join(folder, 'deleted.tar');
  execFileSync('tar', ['-cf', archive, '-C', content, 'manifest.json', manifest.Config, ...manifest.Layers]);
  return archive;
}

function whiteout(path: string): string {
  return join(dirname(path), `.wh.${path.slice(path.lastIndexOf('/') + 1)}`).slice(1);
}
