import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readElf } from '../../../src/keep/elf.ts';
import { FileWindow } from '../../../src/keep/file-window.ts';
import { toImagePath } from '../../../src/rootfs/path.ts';
import { elfOf } from '../../support/elf-builder.ts';
import { hostFiles } from '../../support/host-rootfs.ts';

const hasReadelf = spawnSync('readelf', ['--version']).status === 0;
const BINARIES = ['/bin/sh', '/usr/bin/tar', '/usr/bin/python3', '/usr/bin/git', process.execPath, '/sbin/ldconfig'];

const read = (content: Buffer) =>
  readElf(new FileWindow({ read: async (_, offset, length) => content.subarray(offset, offset + length) }, PATH));
const PATH = toImagePath('/x');

describe('readElf', () => {
  it.skipIf(!hasReadelf)('agrees with readelf on programs and libraries of this machine (needs binutils)', async () => {
    const libraries = execFileSync('ldd', [process.execPath], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
    const files = [...BINARIES, ...libraries].filter((file) => existsSync(file)).map((file) => realpathSync(file));
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) {
      const printed = execFileSync('readelf', ['-d', '-l', '-W', file], { encoding: 'utf8' });
      const all = (pattern: RegExp) => [...printed.matchAll(pattern)].map((match) => match[1]);
      const elf = await readElf(new FileWindow(hostFiles, toImagePath(file)));
      expect(elf?.needed, file).toEqual(all(/\(NEEDED\)\s+Shared library: \[(.*)\]/g));
      expect(elf?.interpreter, file).toBe(all(/Requesting program interpreter: (.*)\]/g)[0]);
      expect(elf?.soname, file).toBe(all(/\(SONAME\)\s+Library soname: \[(.*)\]/g)[0]);
      expect(elf?.runpath?.join(':'), file).toBe(all(/\(RUNPATH\)\s+Library runpath: \[(.*)\]/g)[0]);
    }
  });

  it.each([
    [64, true],
    [64, false],
    [32, true],
    [32, false],
  ] as const)('reads %i-bit files, little-endian: %s', async (bits, isLittleEndian) => {
    const needed = ['libssl.so.3', 'libc.so.6'];
    const file = elfOf({
      bits,
      isLittleEndian,
      machine: 183,
      interpreter: '/lib/ld.so',
      needed,
      rpath: '/a:$ORIGIN/b',
    });
    expect(await read(file)).toEqual({
      bits,
      isLittleEndian,
      machine: 183,
      interpreter: '/lib/ld.so',
      isDynamic: true,
      soname: undefined,
      needed,
      rpath: ['/a', '$ORIGIN/b'],
      runpath: undefined,
    });
  });

  it('finds nothing in other files', async () => {
    for (const text of ['', '\x7fELF', '#!/bin/sh\n', 'x'.repeat(5000)]) {
      expect(await read(Buffer.from(text, 'latin1'))).toBeUndefined();
    }
  });

  it('never throws and always ends, whatever a file holds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const elf = await read(Buffer.concat([Buffer.from('\x7fELF\x02\x01', 'latin1'), bytes]));
        expect(elf?.needed ?? []).toBeInstanceOf(Array);
      }),
    );
  });

  it('never throws on an ELF file with changed bytes', async () => {
    const file = elfOf({ interpreter: '/lib/ld.so', needed: ['liba.so', 'libb.so'], runpath: '/r' });
    const change = fc.record({ at: fc.nat(file.length - 1), byte: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 12 }), async (changes) => {
        const broken = Buffer.from(file);
        for (const { at, byte } of changes) broken[at] = byte;
        expect((await read(broken))?.needed.length ?? 0).toBeLessThan(20);
      }),
      { numRuns: 2000 },
    );
  });
});
