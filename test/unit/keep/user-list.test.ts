import { describe, expect, it } from 'vitest';
import { planKeep } from '../../../src/keep/plan.ts';
import { parseIncludeFile } from '../../../src/keep/user-list.ts';
import type { IncludeItem } from '../../../src/settings.ts';
import { accessOf } from '../../support/accesses.ts';
import { elfOf } from '../../support/elf-builder.ts';
import { type Described, rootFsOf } from '../../support/rootfs-builder.ts';

const TREE: Record<string, Described> = {
  '/bin': { link: 'usr/bin' },
  '/usr/bin/tool': { content: elfOf({ needed: ['libtool.so'] }), mode: 0o755 },
  '/usr/bin/dash': { content: elfOf({}), mode: 0o755 },
  '/usr/bin/sh': { link: 'dash' },
  '/usr/bin/ls': { content: elfOf({}), mode: 0o755 },
  '/usr/lib/libtool.so': elfOf({}),
  '/app/a/one.html': '1',
  '/app/a/.hidden.html': '2',
  '/app/a/deep/two.html': '3',
  '/app/[slug].js': '4',
  '/app/s.js': '5',
  '/app/über': '6',
  '/current': { link: 'app/a' },
};

async function plan(
  includes: readonly IncludeItem[],
  excludes: readonly string[] = [],
  opened: readonly string[] = [],
) {
  const { keep, warnings } = await planKeep({
    rootfs: rootFsOf(TREE),
    accesses: opened.map((path) => accessOf('open', path)),
    config: {},
    keepSettings: { includes, excludes },
    signal: new AbortController().signal,
  });
  return { keep, warnings, kept: keep.paths().filter((path) => /^\/(?:app|current|usr\/(?:bin|lib)\/)/.test(path)) };
}

const item = (kind: IncludeItem['kind'], value: string): IncludeItem => ({ option: `--include-${kind}`, kind, value });

describe('what a user includes', () => {
  it('is a whole directory, followed through a link', async () => {
    expect((await plan([item('path', '/current')])).kept).toEqual([
      '/app',
      '/app/a',
      '/app/a/.hidden.html',
      '/app/a/deep',
      '/app/a/deep/two.html',
      '/app/a/one.html',
      '/current',
    ]);
  });

  it('is everything that a glob matches, hidden names too', async () => {
    const { kept } = await plan([item('path', '/app/**/*.html')]);
    expect(kept.filter((path) => path.endsWith('.html'))).toHaveLength(3);
  });

  it('is taken as a name first, and as a glob when nothing has that name', async () => {
    expect((await plan([item('path', '/app/[slug].js')])).kept).toEqual(['/app', '/app/[slug].js']);
  });

  it('may be named in UTF-8', async () => {
    expect((await plan([item('path', '/app/über')])).kept).toEqual(['/app', '/app/\xc3\xbcber']);
  });

  it('comes with the libraries it needs', async () => {
    expect((await plan([item('binary', '/bin/tool')])).kept).toContain('/usr/lib/libtool.so');
    expect((await plan([item('executable', 'tool')])).kept).toContain('/usr/lib/libtool.so');
  });

  it('is a shell with the usual tools that the image has', async () => {
    const { kept, warnings } = await plan([item('shell', '')]);
    expect(kept).toEqual(['/usr/bin/dash', '/usr/bin/ls', '/usr/bin/sh']);
    expect(warnings).toEqual([]);
  });

  it('is named in a warning when the image has nothing like it', async () => {
    const { warnings } = await plan([item('path', '/none/*'), item('executable', 'none')]);
    expect(warnings).toEqual([
      '--include-path /none/* matches nothing in the image',
      '--include-executable none matches nothing in the image',
    ]);
  });

  it('is the reason that is noted', async () => {
    const { keep } = await plan([item('path', '/app/s.js')]);
    const [path = '/'] = keep.paths().filter((name) => name === '/app/s.js');
    expect(keep.reasonsFor(path as never)).toEqual([{ kind: 'user', option: '--include-path', pattern: '/app/s.js' }]);
  });
});

describe('what a user excludes', () => {
  it('is left out with everything below it', async () => {
    expect((await plan([item('path', '/app')], ['/app/a'])).kept).toEqual([
      '/app',
      '/app/[slug].js',
      '/app/s.js',
      '/app/\xc3\xbcber',
    ]);
  });

  it('keeps the directories of what is still kept', async () => {
    expect((await plan([item('path', '/app/a')], ['/app'], [])).kept).toEqual([]);
    expect((await plan([item('path', '/app/a')], ['/app/a/*.html'])).kept).toEqual([
      '/app',
      '/app/a',
      '/app/a/deep',
      '/app/a/deep/two.html',
    ]);
  });

  it('is named in a warning when it was used', async () => {
    const { kept, warnings } = await plan([], ['**/*.js', '/nothing'], ['/app/s.js', '/app/a/one.html']);
    expect(kept).toEqual(['/app', '/app/a', '/app/a/one.html']);
    expect(warnings).toEqual(['--exclude-pattern **/*.js leaves out /app/s.js, which was used']);
  });
});

describe('parseIncludeFile', () => {
  it('takes one path a line, without comments, empty lines and line ends of any kind', () => {
    expect(parseIncludeFile('\ufeff# mine\r\n/a b\r\n\n  /c  \n#/d\n/e#f')).toEqual(['/a b', '/c', '/e#f']);
  });
});
