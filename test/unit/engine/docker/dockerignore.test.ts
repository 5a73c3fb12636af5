import { describe, expect, it } from 'vitest';
import { parseDockerIgnore } from '../../../../src/engine/docker/dockerignore.ts';

function ignored(text: string, ...paths: string[]): string[] {
  const { isIgnored } = parseDockerIgnore(text);
  return paths.filter(isIgnored);
}

describe('a .dockerignore file', () => {
  it.each([
    ['node_modules', ['node_modules', 'node_modules/a/b'], ['src/node_modules', 'node_modules2']],
    ['*.md', ['README.md'], ['docs/README.md', 'README.mdx']],
    ['**/*.md', ['README.md', 'docs/a/README.md'], ['docs']],
    ['docs/**', ['docs/a', 'docs/a/b'], ['other/docs']],
    ['**/tmp', ['tmp', 'a/tmp', 'a/b/tmp/c'], ['tmpx', 'a/xtmp']],
    ['temp?', ['temp1', 'tempa/x'], ['temp', 'temp12']],
    ['[a-c].txt', ['a.txt', 'c.txt'], ['d.txt']],
    ['[^a-c].txt', ['d.txt'], ['a.txt']],
    ['/lead/./x/../y/', ['lead/y', 'lead/y/z'], ['lead/x']],
    ['a\\*b', ['a*b'], ['axb']],
    ['(x)+{y}|z', ['(x)+{y}|z'], ['x', 'z']],
    ['# comment\n\n  spaced  ', ['spaced'], ['# comment', '']],
    ['\uFEFFfirst\r\nsecond\r\n', ['first', 'second'], ['third']],
  ])('%j leaves out what it names', (text, out, kept) => {
    expect(ignored(text, ...out, ...kept)).toEqual(out);
  });

  it('takes back in what a later line names after an exclamation mark', () => {
    const text = '*\n!src\n!/docs/keep.md\nsrc/secret';
    expect(ignored(text, 'a', 'src', 'src/x', 'src/secret', 'docs', 'docs/keep.md', 'docs/x')).toEqual([
      'a',
      'src/secret',
      'docs',
      'docs/x',
    ]);
    expect(parseDockerIgnore(text).hasExceptions).toBe(true);
    expect(parseDockerIgnore('*').hasExceptions).toBe(false);
  });
});
