import type { RuntimeConfig } from '../image/types.ts';
import { bytesOf, joinPath, toImagePath } from '../rootfs/path.ts';
import { findProgram } from '../rootfs/programs.ts';
import { readSmallFile } from '../rootfs/read-file.ts';
import { resolvePath } from '../rootfs/resolve.ts';
import type { RootFs } from '../rootfs/rootfs.ts';
import { contentBelow } from './content-below.ts';
import { isMountedOver, reach } from './reach.ts';
import type { Seed } from './seed.ts';

interface Essential {
  readonly paths: readonly string[];
  readonly because: string;
}

/** What a container is expected to have, as far as the image has it. Directories are kept as such, without content. */
const ESSENTIALS: readonly Essential[] = [
  { paths: ['/'], because: 'root of the file system' },
  { paths: ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'], because: 'way to programs and libraries' },
  { paths: ['/etc/passwd', '/etc/group'], because: 'users and groups, read by container engines' },
  { paths: ['/etc/nsswitch.conf'], because: 'says where names are looked up' },
  { paths: ['/etc/ld.so.cache', '/etc/ld.so.conf'], because: 'says where shared libraries are' },
  { paths: ['/etc/os-release', '/usr/lib/os-release'], because: 'names the distribution, read by scanners' },
  { paths: ['/etc/hosts', '/etc/hostname', '/etc/resolv.conf'], because: 'file that container engines mount over' },
  { paths: ['/etc/localtime'], because: 'local time zone' },
  { paths: ['/tmp', '/var/tmp'], because: 'directory for temporary files' },
  { paths: ['/run', '/run/lock', '/var/run', '/var/lock'], because: 'directory for run-time state' },
  { paths: ['/proc', '/sys', '/dev'], because: 'mount point of container engines' },
];

/** A volume's content up to this size is kept whole: engines copy it into every new volume. */
const VOLUME_LIMITS = { maxBytes: 256 * 1024, maxEntries: 1024 };

/** What is kept of every image, whatever was traced: {@link ESSENTIALS} and what the configuration names. */
export async function essentialSeeds(rootfs: RootFs, config: RuntimeConfig): Promise<Seed[]> {
  const rows: Essential[] = [
    ...ESSENTIALS,
    { paths: [bytesOf(config.WorkingDir || '/')], because: 'working directory of the image (WorkingDir)' },
    { paths: await homesOf(rootfs, config), because: "home of the image's user (User)" },
    ...commandRows(rootfs, config),
    ...volumeRows(rootfs, config),
  ];
  return rows.flatMap(({ paths, because }) =>
    paths
      .flatMap((path) => reach(rootfs, toImagePath(path)))
      .filter((path) => !isMountedOver(path))
      .map((path) => ({ path, reason: { kind: 'rule', rule: 'essential', because } as const })),
  );
}

/** HOME as set, else that of the user in passwd(5). */
async function homesOf(rootfs: RootFs, config: RuntimeConfig): Promise<string[]> {
  const set = (config.Env ?? []).filter((entry) => entry.startsWith('HOME=/')).map((entry) => bytesOf(entry.slice(5)));
  const user = bytesOf((config.User ?? '').split(':', 1)[0] || '0');
  const rows = (await readSmallFile(rootfs, '/etc/passwd')).split('\n').map((line) => line.split(':'));
  const homes = rows.filter(([name, , uid]) => name === user || uid === user).map((row) => row[5] ?? '');
  return [...set, ...homes.filter((home) => home.startsWith('/'))];
}

function commandRows(rootfs: RootFs, config: RuntimeConfig): Essential[] {
  const context = { env: config.Env ?? [], cwd: config.WorkingDir };
  const commands: [string, readonly string[]][] = [
    ['Entrypoint', (config.Entrypoint ?? []).slice(0, 1)],
    ['Cmd', (config.Cmd ?? []).slice(0, 1)],
    ['Healthcheck', healthcheckPrograms(config)],
  ];
  return commands.map(([key, names]) => ({
    paths: names
      .map((name) => findProgram(rootfs, name, context))
      .filter((path) => path !== undefined)
      .map((path) => joinPath(toImagePath(bytesOf(config.WorkingDir || '/')), bytesOf(path))),
    because: `program named in the image's configuration (${key})`,
  }));
}

/** Of a shell command line, the first word of each simple command: good enough to find `curl` in `curl -f URL || exit 1`. */
function healthcheckPrograms({ Healthcheck, Shell }: RuntimeConfig): string[] {
  const [kind, ...words] = Healthcheck?.Test ?? [];
  if (kind === 'CMD') return words.slice(0, 1);
  if (kind !== 'CMD-SHELL') return [];
  const commands = (words[0] ?? '').split(/[|&;\n(){}]+/);
  return [Shell?.[0] ?? '/bin/sh', ...commands.flatMap((command) => command.trim().split(/\s+/, 1)).filter(Boolean)];
}

function volumeRows(rootfs: RootFs, config: RuntimeConfig): Essential[] {
  return Object.keys(config.Volumes ?? {}).map((volume) => ({
    paths: [
      bytesOf(volume),
      ...contentBelow(rootfs, resolvePath(rootfs, toImagePath(bytesOf(volume))).path, VOLUME_LIMITS),
    ],
    because: `volume of the image (${volume})`,
  }));
}
