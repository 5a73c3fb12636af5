import { describe, expect, it } from 'vitest';
import { readPackages } from '../../../src/rootfs/packages.ts';
import { toImagePath } from '../../../src/rootfs/path.ts';
import { type Described, rootFsOf } from '../../support/rootfs-builder.ts';

async function ownersIn(tree: Record<string, Described>, ...paths: string[]) {
  const packages = await readPackages(rootFsOf(tree));
  return paths.map((path) => packages.ownerOf(toImagePath(path)));
}

describe('readPackages', () => {
  it("reads dpkg's lists, which name files where they were before /bin became a link", async () => {
    const tree = {
      '/bin': { link: 'usr/bin' },
      '/usr/bin/ls': '',
      '/usr/lib/libc.so.6': '',
      '/usr/bin/own': '',
      '/var/lib/dpkg/status': 'Package: coreutils\nVersion: 9.1-1\n\nPackage: libc6\nStatus: x\nVersion: 2.36\n',
      '/var/lib/dpkg/info/coreutils.list': '/.\n/bin\n/bin/ls\n/gone\n',
      '/var/lib/dpkg/info/libc6:amd64.list': '/.\n/usr/lib\n/usr/lib/libc.so.6\n',
    };
    expect(await ownersIn(tree, '/usr/bin/ls', '/usr/lib/libc.so.6', '/usr/bin/own', '/usr/lib', '/gone')).toEqual([
      { name: 'coreutils', version: '9.1-1' },
      { name: 'libc6', version: '2.36' },
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("reads distroless' variant of it", async () => {
    const tree = {
      '/var/lib/dpkg/status.d/tzdata': 'Package: tzdata\nVersion: 2024a\n',
      '/var/lib/dpkg/status.d/tzdata.md5sums': 'd41d8cd98f00b204e9800998ecf8427e  usr/share/zoneinfo/UTC\n',
      '/usr/share/zoneinfo/UTC': '',
    };
    expect(await ownersIn(tree, '/usr/share/zoneinfo/UTC')).toEqual([{ name: 'tzdata', version: '2024a' }]);
  });

  it("reads apk's database", async () => {
    const tree = {
      '/lib/apk/db/installed':
        'C:Q1\nP:musl\nV:1.2.4-r2\nF:lib\nR:ld-musl.so.1\na:0:0:755\n\nP:zlib\nV:1.3\nF:lib\nR:libz.so\n',
      '/lib/ld-musl.so.1': '',
      '/lib/libz.so': '',
    };
    expect(await ownersIn(tree, '/lib/ld-musl.so.1', '/lib/libz.so')).toEqual([
      { name: 'musl', version: '1.2.4-r2' },
      { name: 'zlib', version: '1.3' },
    ]);
  });

  it('knows no owner in an image without a package database', async () => {
    expect(await ownersIn({ '/app': 'x' }, '/app')).toEqual([undefined]);
  });
});
