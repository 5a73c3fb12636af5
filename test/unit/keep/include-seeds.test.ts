import { describe, expect, it } from 'vitest';
import type { RuntimeConfig } from '../../../src/image/types.ts';
import { factsOf } from '../../../src/keep/facts.ts';
import { includeSeeds } from '../../../src/keep/include-seeds.ts';
import type { IncludeItem } from '../../../src/settings.ts';
import { elfOf } from '../../support/elf-builder.ts';
import { type Described, rootFsOf } from '../../support/rootfs-builder.ts';

const TREE: Record<string, Described> = {
  '/srv/app/next.config.mjs': '',
  '/srv/app/.next/BUILD_ID': '1',
  '/srv/app/public/logo.svg': '',
  '/srv/app/node_modules/express/index.js': '',
  '/srv/app/node_modules/@x/y/index.js': '',
  '/srv/app/node_modules/lib/next.config.js': '',
  '/srv/app/node_modules/lib/public/no.svg': '',
  '/usr/lib/node_modules/express/index.js': '',
  '/opt/tools/bin/one': { content: elfOf({}), mode: 0o755 },
  '/opt/tools/lib/libtwo.so.1': elfOf({}),
  '/opt/tools/readme': 'text',
  '/opt/tools/script': { content: '#!/bin/sh\n', mode: 0o755 },
  '/usr/share/zoneinfo/UTC': '',
  '/usr/share/zoneinfo/Europe/Rome': '',
  '/etc/os-release': '',
  '/etc/debian_version': '',
  '/etc/ssl/certs/one.pem': '',
  '/etc/ssl/private/host.key': '',
  '/etc/ssl/app/app.key': '',
  '/usr/bin/ssh': { content: elfOf({}), mode: 0o755 },
  '/etc/ssh/ssh_config': '',
  '/etc/ssh/ssh_host_rsa_key': '',
};

async function found(kind: IncludeItem['kind'], value = '', config: RuntimeConfig = {}) {
  const item: IncludeItem = { option: '--option', kind, value };
  const { seeds, warnings } = await includeSeeds(factsOf(rootFsOf(TREE), config), [item]);
  return {
    warnings,
    files: seeds.map(({ path }) => path as string).filter((path) => typeof TREE[path] !== 'undefined'),
  };
}

describe('what is kept because of an option', () => {
  it.each([
    ['set', 'zoneinfo', ['/usr/share/zoneinfo/Europe/Rome', '/usr/share/zoneinfo/UTC']],
    ['set', 'distro-info', ['/etc/debian_version', '/etc/os-release']],
    ['set', 'ssh-client', ['/etc/ssh/ssh_config', '/usr/bin/ssh']],
    ['set', 'cert-dirs', ['/etc/ssl/certs/one.pem']],
    ['set', 'cert-pk-dirs', ['/etc/ssl/private/host.key']],
    ['set', 'cert-pk-all', ['/etc/ssl/app/app.key', '/etc/ssl/private/host.key']],
    ['node-package', 'express', ['/srv/app/node_modules/express/index.js', '/usr/lib/node_modules/express/index.js']],
    ['node-package', '@x/y', ['/srv/app/node_modules/@x/y/index.js']],
    ['node-app', 'next/build-dir', ['/srv/app/.next/BUILD_ID']],
    ['node-app', 'next/static-dir', ['/srv/app/public/logo.svg']],
    ['binaries-in', '/opt/tools', ['/opt/tools/bin/one', '/opt/tools/lib/libtwo.so.1']],
  ] as const)('is, for %s %s, %j', async (kind, value, expected) => {
    const { files, warnings } = await found(kind, value);
    expect([...new Set(files)].sort()).toEqual(expected);
    expect(warnings).toEqual([]);
  });

  it('is the whole working directory, unless that is the root', async () => {
    expect((await found('workdir', '', { WorkingDir: '/opt/tools' })).files).toHaveLength(4);
    expect(await found('workdir', '', { WorkingDir: '/' })).toEqual({
      files: [],
      warnings: ['--option matches nothing in the image'],
    });
  });

  it('is one path alone from a list that a machine has made, and no warning where the image has it no more', async () => {
    expect((await found('entry', '/opt/tools')).files).toEqual([]);
    expect((await found('entry', '/opt/tools/readme')).files).toEqual(['/opt/tools/readme']);
    expect((await found('entry', '/gone')).warnings).toEqual([]);
  });

  it('is a warning when the image has no such thing', async () => {
    expect((await found('node-app', 'nuxt/dir')).warnings).toEqual(['--option matches nothing in the image']);
    expect((await found('node-package', 'left-pad')).warnings).toEqual([
      '--option left-pad matches nothing in the image',
    ]);
  });
});
