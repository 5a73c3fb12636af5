import { baseName, type ImagePath, imagePathFromText, joinPath, toImagePath } from './path.ts';
import { resolveParent, resolvePath } from './resolve.ts';
import type { RootFs } from './rootfs.ts';

/** A package of the image's distribution. */
interface Package {
  readonly name: string;
  readonly version: string;
}

/** Which package a path came with. */
export interface PackageIndex {
  /** Undefined for what no package owns, and for directories that several share. */
  ownerOf(path: ImagePath): Package | undefined;
}

const FILE_MAX_BYTES = 64 << 20;

/** Readers of package databases; all that an image has are asked. rpm's databases are not read. */
const READERS: readonly ((rootfs: RootFs, owners: Owners) => Promise<void>)[] = [readDpkg, readDistroless, readApk];

type Owners = Map<ImagePath, Package>;

/** Reads the package databases of an image: dpkg, distroless' variant of it, apk. */
export async function readPackages(rootfs: RootFs): Promise<PackageIndex> {
  const owners: Owners = new Map();
  for (const reader of READERS) await reader(rootfs, owners);
  return { ownerOf: (path) => owners.get(path) };
}

/** `/var/lib/dpkg`: versions in `status`, files of each package in `info/NAME[:ARCH].list`. */
async function readDpkg(rootfs: RootFs, owners: Owners): Promise<void> {
  const status = await readText(rootfs, imagePathFromText('/var/lib/dpkg/status'));
  const versions = new Map(
    status.split('\n\n').map((paragraph) => [field(paragraph, 'Package'), field(paragraph, 'Version')]),
  );
  const info = resolvePath(rootfs, '/var/lib/dpkg/info').path;
  const add = ownerWriter(rootfs, owners);
  for (const file of rootfs.childrenOf(info)) {
    if (!file.endsWith('.list')) continue;
    const name = file.slice(0, -'.list'.length).replace(/:.*$/, '');
    const owner = { name, version: versions.get(name) ?? '' };
    const list = await readText(rootfs, joinPath(info, file));
    for (const path of list.split('\n')) if (path.length > 1) add(path, owner);
  }
}

/** `/var/lib/dpkg/status.d`: a paragraph `NAME` and `NAME.md5sums` with `hash  path` lines for each package. */
async function readDistroless(rootfs: RootFs, owners: Owners): Promise<void> {
  const folder = resolvePath(rootfs, '/var/lib/dpkg/status.d').path;
  const add = ownerWriter(rootfs, owners);
  for (const file of rootfs.childrenOf(folder)) {
    if (file.endsWith('.md5sums')) continue;
    const paragraph = await readText(rootfs, joinPath(folder, file));
    const owner = { name: field(paragraph, 'Package') || file, version: field(paragraph, 'Version') };
    const sums = await readText(rootfs, joinPath(folder, `${file}.md5sums`));
    for (const line of sums.split('\n')) if (line) add(`/${line.replace(/^\S+\s+/, '')}`, owner);
  }
}

/** apk's `installed`: `P:` name, `V:` version, `F:` a folder, `R:` a file in it; packages are apart by empty lines. */
async function readApk(rootfs: RootFs, owners: Owners): Promise<void> {
  const places = ['/lib/apk/db/installed', '/usr/lib/apk/db/installed'].map((place) => resolvePath(rootfs, place));
  const database = places.find((place) => place.entry)?.path;
  if (!database) return;
  const add = ownerWriter(rootfs, owners);
  for (const paragraph of (await readText(rootfs, database)).split('\n\n')) {
    const owner = { name: field(paragraph, 'P', ':'), version: field(paragraph, 'V', ':') };
    let folder = '';
    for (const line of paragraph.split('\n')) {
      if (line.startsWith('F:')) folder = line.slice(2);
      else if (line.startsWith('R:')) add(`/${folder}/${line.slice(2)}`, owner);
    }
  }
}

/**
 * Notes who owns a path. Databases name files as they were packaged, before `/bin` and its like became links: the
 * directory part is followed to where the file is. Directories belong to nobody.
 */
function ownerWriter(rootfs: RootFs, owners: Owners): (path: string, owner: Package) => void {
  const directories = new Map<string, ImagePath>();
  return (path, owner) => {
    const directory = path.slice(0, path.lastIndexOf('/'));
    let real = directories.get(directory);
    if (real === undefined) {
      real = resolveParent(rootfs, toImagePath(`${directory}/x`));
      directories.set(directory, real);
    }
    const owned = joinPath(real.slice(0, -1) as ImagePath, baseName(path as ImagePath));
    const entry = rootfs.get(owned);
    if (entry && entry.type !== 'directory') owners.set(owned, owner);
  };
}

function field(paragraph: string, name: string, separator = ': '): string {
  const start = paragraph.startsWith(`${name}${separator}`) ? 0 : paragraph.indexOf(`\n${name}${separator}`) + 1;
  if (start === 0 && !paragraph.startsWith(`${name}${separator}`)) return '';
  const end = paragraph.indexOf('\n', start);
  return paragraph.slice(start + name.length + separator.length, end < 0 ? undefined : end);
}

/** A file as a byte string; empty when there is none. */
async function readText(rootfs: RootFs, path: ImagePath): Promise<string> {
  const { entry } = resolvePath(rootfs, path);
  if (entry?.type !== 'file') return '';
  const content = await rootfs.read(entry.path, 0, Math.min(entry.sizeBytes, FILE_MAX_BYTES));
  return content.toString('latin1');
}
