import { TraceSlimError } from '../errors.ts';
import { displayPath } from '../rootfs/path.ts';
import type { TarRecord } from './records.ts';

/** What an entry of a layer makes; devices and FIFOs are files here. */
export type EntryType = 'file' | 'hardLink' | 'symlink' | 'directory';

const TYPES: Readonly<Record<string, EntryType>> = {
  '0': 'file',
  '1': 'hardLink',
  '2': 'symlink',
  '3': 'file',
  '4': 'file',
  '5': 'directory',
  '6': 'file',
  '7': 'file',
  S: 'file',
};

/** Old tars write a directory as a file whose name ends in a slash, and GNU tar takes it for one. Fails with LAYER_UNSUPPORTED. */
export function entryTypeOf({ header, name }: TarRecord): EntryType {
  const type = TYPES[header.typeflag];
  if (!type) throw unsupported(`tar entry ${displayPath(name)} has the unknown type ${displayPath(header.typeflag)}`);
  return '07'.includes(header.typeflag) && name.endsWith('/') ? 'directory' : type;
}

/** Whether overlayfs would take the device for the removal of a path. */
export function isWhiteoutDevice({ header }: TarRecord): boolean {
  return header.typeflag === '3' && header.devMajor === 0 && header.devMinor === 0;
}

/** An entry that this program cannot pass on, with the same hint everywhere. */
export function unsupported(message: string): TraceSlimError {
  return new TraceSlimError('LAYER_UNSUPPORTED', message, { hint: 'Load the image into Docker and save it again.' });
}
