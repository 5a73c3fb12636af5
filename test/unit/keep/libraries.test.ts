import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseLdSoCache } from '../../../src/keep/ld-so-cache.ts';
import { planKeep } from '../../../src/keep/plan.ts';
import { accessOf } from '../../support/accesses.ts';
import { elfOf } from '../../support/elf-builder.ts';
import { type Described, rootFsOf } from '../../support/rootfs-builder.ts';

const hasLdconfig = spawnSync('/sbin/ldconfig', ['-p']).status === 0;
const program = (over: Parameters<typeof elfOf>[0]) => ({ content: elfOf(over), mode: 0o755 });
const library = (over: Parameters<typeof elfOf>[0] = {}) => elfOf(over);

/** The libraries that are kept with /app/main. */
async function librariesFor(tree: Record<string, Described>, env: string[] = []) {
  const { keep, warnings } = await planKeep({
    rootfs: rootFsOf(tree),
    accesses: [accessOf('execute', '/app/main')],
    config: { Env: env },
    keepSettings: { includes: [], excludes: [] },
    signal: new AbortController().signal,
  });
  return { kept: keep.paths().filter((path) => /\.so(?:\.\d|$)/.test(path)), warnings };
}

describe('shared libraries of a kept program', () => {
  it('are found in the system directories, with what they need themselves and the loader', async () => {
    const { kept } = await librariesFor({
      '/lib': { link: 'usr/lib' },
      '/lib64': { link: 'usr/lib64' },
      '/app/main': program({ interpreter: '/lib64/ld-linux-x86-64.so.2', needed: ['liba.so.1'] }),
      '/usr/lib64/ld-linux-x86-64.so.2': { link: '../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2' },
      '/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2': library(),
      '/usr/lib/x86_64-linux-gnu/liba.so.1': { link: 'liba.so.1.2' },
      '/usr/lib/x86_64-linux-gnu/liba.so.1.2': library({ needed: ['libb.so'] }),
      '/usr/lib/libb.so': library(),
      '/usr/lib/libunused.so': library(),
    });
    expect(kept).toEqual([
      '/usr/lib/libb.so',
      '/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2',
      '/usr/lib/x86_64-linux-gnu/liba.so.1',
      '/usr/lib/x86_64-linux-gnu/liba.so.1.2',
      '/usr/lib64/ld-linux-x86-64.so.2',
    ]);
  });

  it('must be of the same machine', async () => {
    const { kept } = await librariesFor({
      '/app/main': program({ needed: ['liba.so'] }),
      '/lib64/liba.so': library({ machine: 183 }),
      '/usr/lib/liba.so': library(),
    });
    expect(kept).toEqual(['/usr/lib/liba.so']);
  });

  it('come from DT_RUNPATH with $ORIGIN before the system', async () => {
    const { kept } = await librariesFor({
      '/app/main': program({ needed: ['liba.so'], runpath: '/none:$ORIGIN/../private' }),
      '/private/liba.so': library(),
      '/usr/lib/liba.so': library(),
    });
    expect(kept).toEqual(['/private/liba.so']);
  });

  it('inherit DT_RPATH, and do not inherit DT_RUNPATH', async () => {
    const tree = {
      '/private/liba.so': library({ needed: ['libb.so'] }),
      '/private/libb.so': library(),
    };
    const rpath = { ...tree, '/app/main': program({ needed: ['liba.so'], rpath: '/private' }) };
    const runpath = { ...tree, '/app/main': program({ needed: ['liba.so'], runpath: '/private' }) };
    expect((await librariesFor(rpath)).kept).toEqual(['/private/liba.so', '/private/libb.so']);
    const { kept, warnings } = await librariesFor(runpath);
    expect(kept).toEqual(['/private/liba.so']);
    expect(warnings).toEqual([expect.stringContaining('--include-path /private/libb.so')]);
  });

  it('come from LD_LIBRARY_PATH of the image', async () => {
    const tree = { '/app/main': program({ needed: ['liba.so'] }), '/opt/liba.so': library() };
    expect((await librariesFor(tree, ['LD_LIBRARY_PATH=/x:/opt'])).kept).toEqual(['/opt/liba.so']);
  });

  it('come from directories that ld.so.conf includes', async () => {
    const { kept } = await librariesFor({
      '/etc/ld.so.conf': 'include /etc/ld.so.conf.d/*.conf\n',
      '/etc/ld.so.conf.d/local.conf': '# mine\n/opt/lib # here\n',
      '/app/main': program({ needed: ['liba.so'] }),
      '/opt/lib/liba.so': library(),
    });
    expect(kept).toEqual(['/opt/lib/liba.so']);
  });

  it('are kept for newer processors too', async () => {
    const { kept } = await librariesFor({
      '/app/main': program({ needed: ['liba.so'] }),
      '/usr/lib/glibc-hwcaps/x86-64-v3/liba.so': library(),
      '/usr/lib/liba.so': library(),
    });
    expect(kept).toEqual(['/usr/lib/glibc-hwcaps/x86-64-v3/liba.so', '/usr/lib/liba.so']);
  });

  it("come from musl's path file where the image has musl", async () => {
    const { kept } = await librariesFor({
      '/app/main': program({ interpreter: '/lib/ld-musl-x86_64.so.1', needed: ['liba.so', 'libc.musl-x86_64.so.1'] }),
      '/lib/ld-musl-x86_64.so.1': library(),
      '/lib/libc.musl-x86_64.so.1': { link: 'ld-musl-x86_64.so.1' },
      '/etc/ld-musl-x86_64.path': '/lib\n/opt/musl\n',
      '/opt/musl/liba.so': library(),
    });
    expect(kept).toEqual(['/lib/ld-musl-x86_64.so.1', '/lib/libc.musl-x86_64.so.1', '/opt/musl/liba.so']);
  });

  it('bring name service modules along', async () => {
    const lib = '/usr/lib/x86_64-linux-gnu';
    const { kept } = await librariesFor({
      '/app/main': program({ needed: ['libssl.so.3', 'libc.so.6'] }),
      '/etc/nsswitch.conf': 'passwd: files systemd\nhosts: files [NOTFOUND=return] dns\n',
      [`${lib}/libssl.so.3`]: library({ needed: ['libcrypto.so.3'] }),
      [`${lib}/libcrypto.so.3`]: library(),
      [`${lib}/libc.so.6`]: library(),
      [`${lib}/libnss_files.so.2`]: library(),
      [`${lib}/libnss_systemd.so.2`]: library(),
      [`${lib}/libnss_hesiod.so.2`]: library(),
    });
    expect(kept.map((path) => path.slice(lib.length + 1))).toEqual([
      'libc.so.6',
      'libcrypto.so.3',
      'libnss_files.so.2',
      'libnss_systemd.so.2',
      'libssl.so.3',
    ]);
  });
});

describe('parseLdSoCache', () => {
  it.skipIf(!hasLdconfig)("agrees with ldconfig on this machine's cache (needs ldconfig)", () => {
    const printed = execFileSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' });
    const expected = [...printed.matchAll(/^\t(\S+) \(.*\) => (.*)$/gm)].map((match) => `${match[1]} ${match[2]}`);
    const cache = parseLdSoCache(readFileSync('/etc/ld.so.cache'));
    const found = [...cache].flatMap(([name, libraries]) => libraries.map(({ path }) => `${name} ${path}`));
    expect(found.sort()).toEqual(expected.sort());
    expect(found.length).toBeGreaterThan(10);
  });

  it('takes a damaged cache for an empty one', () => {
    const cache = readFileSync('/etc/ld.so.cache');
    expect(parseLdSoCache(Buffer.from('ld.so-1.7.0')).size).toBe(0);
    expect(parseLdSoCache(cache.subarray(0, 60)).size).toBe(0);
    expect(() => parseLdSoCache(Buffer.from(cache).fill(0xff, 20, 4000))).not.toThrow();
  });
});
