import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { TraceSlimError } from '../../errors.ts';
import type { ImagePath } from '../../rootfs/path.ts';
import { LayerPaths, whiteoutOf } from '../../tar/layer-paths.ts';
import { readRecords } from '../../tar/records.ts';
import { StreamSource } from '../../tar/source.ts';

/** What the tar of a layer said and its unpacked folder does not show. */
export interface LayerFacts {
  /** Directories without an entry of their own. */
  readonly implicitDirectories: readonly ImagePath[];
  /** Directories that hide what lower layers have in them. */
  readonly opaqueDirectories: readonly ImagePath[];
}

/**
 * Reads what Docker and Podman keep of a layer's tar beside the unpacked files: everything but the files' bytes, as one JSON
 * object a line. Source: https://github.com/vbatts/tar-split, package storage.
 */
export async function readTarSplit(file: string): Promise<LayerFacts> {
  const paths = new LayerPaths();
  const opaqueDirectories: ImagePath[] = [];
  for await (const record of readRecords(new StreamSource(archiveOf(file)))) {
    const path = paths.locate(record.name);
    const whiteout = whiteoutOf(path);
    if (whiteout.kind === 'opaque') opaqueDirectories.push(whiteout.path);
    if (whiteout.kind !== 'none') continue;
    const { typeflag, mode, uid, gid, mtimeSeconds } = record.header;
    if (typeflag === '5')
      paths.place(path, { kind: 'directory', metadata: { mode, uid, gid, mtimeSeconds, pax: new Map() } });
    else if (typeflag === '2') paths.place(path, { kind: 'symlink', target: record.linkName });
    else paths.place(path, { kind: 'other' });
  }
  const implicit = [...paths.entries()].filter(([, placed]) => placed.kind === 'directory' && !placed.metadata);
  return { implicitDirectories: implicit.map(([path]) => path), opaqueDirectories };
}

/** The kinds of lines. */
const FILE = 1;
const SEGMENT = 2;

const ZEROS = Buffer.alloc(1 << 20);

/** The archive with zeros for the bytes of files. */
async function* archiveOf(file: string): AsyncGenerator<Buffer> {
  // What goes wrong on the way ends the lines with it.
  const input = pipeline(createReadStream(file), createGunzip(), () => {});
  const lines = createInterface({ input });
  for await (const line of lines) {
    const { type, size = 0, payload } = parsed(line, file);
    if (type === SEGMENT && payload) yield Buffer.from(payload, 'base64');
    if (type !== FILE) continue;
    for (let left = size; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, Math.min(left, ZEROS.length));
  }
}

function parsed(line: string, file: string): { type?: number; size?: number; payload?: string } {
  try {
    return Object(JSON.parse(line));
  } catch (cause) {
    throw new TraceSlimError('ENGINE_FAILED', `${file} is no description of a layer`, { cause });
  }
}
