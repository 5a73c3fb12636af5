import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { extract, type Header } from 'tar-stream';
import { expect, test } from 'vitest';
import { openBuildContext } from '../../../../src/engine/docker/build-context.ts';
import { temporaryDirectory } from '../../../support/engine.ts';

/** Headers and contents of what a build is sent. */
async function sent(directory: string, dockerfile: string) {
  const context = await openBuildContext(directory, dockerfile);
  const entries = new Map<string, { header: Header; content: string }>();
  const reader = extract();
  context.open().pipe(reader);
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    entries.set(entry.header.name, { header: entry.header, content: Buffer.concat(chunks).toString() });
  }
  return { context, entries };
}

function write(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(directory, name, '..'), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
}

test('a build is sent its folder, with links as links and root as the owner', async () => {
  using folder = temporaryDirectory();
  write(folder.path, { Dockerfile: 'FROM a', 'bin/tool': '#!', empty: '' });
  chmodSync(join(folder.path, 'bin/tool'), 0o755);
  symlinkSync('/etc/passwd', join(folder.path, 'link'));
  const { entries } = await sent(folder.path, join(folder.path, 'Dockerfile'));
  expect([...entries.keys()].sort()).toEqual(['Dockerfile', 'bin', 'bin/tool', 'empty', 'link']);
  expect(entries.get('bin/tool')).toMatchObject({ content: '#!', header: { mode: 0o755, uid: 0, gid: 0 } });
  expect(entries.get('link')).toMatchObject({ content: '', header: { type: 'symlink', linkname: '/etc/passwd' } });
});

test('what .dockerignore leaves out is not sent, the Dockerfile always is', async () => {
  using folder = temporaryDirectory();
  write(folder.path, {
    Dockerfile: 'FROM a',
    '.dockerignore': '*\n!keep',
    'drop/a': '1',
    'drop/keep': '2',
    'keep/b': '3',
  });
  const { entries } = await sent(folder.path, join(folder.path, 'Dockerfile'));
  expect([...entries.keys()].sort()).toEqual(['Dockerfile', 'keep', 'keep/b']);
});

test('a Dockerfile may be elsewhere, and have rules of its own', async () => {
  using folder = temporaryDirectory();
  using elsewhere = temporaryDirectory();
  write(folder.path, { '.dockerignore': 'a', a: '1', b: '2' });
  write(elsewhere.path, { 'My.Dockerfile': 'FROM a', 'My.Dockerfile.dockerignore': 'b' });
  const { context, entries } = await sent(folder.path, join(elsewhere.path, 'My.Dockerfile'));
  expect(entries.get(context.dockerfile)?.content).toBe('FROM a');
  expect([...entries.keys()].sort()).toEqual(['.dockerfile.trace-slim', '.dockerignore', 'a']);
});

test('the images a Dockerfile starts from are known', async () => {
  using folder = temporaryDirectory();
  write(folder.path, { Dockerfile: 'FROM --platform=linux/amd64 reg.example/a:1 AS one\n# FROM x\nfrom b\n' });
  const { baseImages } = await openBuildContext(folder.path, join(folder.path, 'Dockerfile'));
  expect(baseImages).toEqual(['reg.example/a:1', 'b']);
});

test('what is not there cannot be built from', async () => {
  using folder = temporaryDirectory();
  const build = openBuildContext(folder.path, join(folder.path, 'Dockerfile'));
  await expect(build).rejects.toMatchObject({
    code: 'USAGE_INVALID',
    message: expect.stringContaining('no such file'),
  });
});
