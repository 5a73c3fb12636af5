import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadHttpCommandFile, parseHttpCommand } from '../../../src/probe/slim-file.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slim-file-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(content: unknown) {
  const file = join(folder, 'probes.json');
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return loadHttpCommandFile(file);
}

describe('an HTTP probe on the command line', () => {
  it.each([
    ['/', { method: 'GET', resource: '/', crawl: false }],
    ['/a:b/GET:c', { method: 'GET', resource: '/a:b/GET:c', crawl: false }],
    ['crawl:/', { method: 'GET', resource: '/', crawl: true }],
    ['post:/login?x=1', { method: 'POST', resource: '/login?x=1', crawl: false }],
    ['crawl:https:HEAD:/x', { method: 'HEAD', resource: '/x', crawl: true, protocol: 'https' }],
    ['http:/x', { method: 'GET', resource: '/x', crawl: false, protocol: 'http' }],
  ])('%j is understood', (text, expected) => {
    expect(parseHttpCommand(text)).toEqual({ headers: [], ...expected });
  });

  it.each(['', 'index.html', 'ws:GET:/', 'GET:crawl:/', 'FETCH:/'])('%j is refused', (text) => {
    expect(() => parseHttpCommand(text)).toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
  });
});

describe('an HTTP probe file', () => {
  it('describes an upload as SlimToolkit does', async () => {
    await writeFile(join(folder, 'photo.png'), 'pixels');
    const [upload] = await read({
      commands: [
        { method: 'POST', resource: '/', body_file: 'photo.png', body_is_form: true, form_field_name: 'photo' },
      ],
    });
    expect(upload?.headers).toEqual([expect.stringMatching(/^Content-Type: multipart\/form-data; boundary=/)]);
    expect(upload?.body?.toString()).toMatch(/name="photo"; filename="photo.png"\r\n.*\r\n\r\npixels\r\n/);
  });

  it('is read with SlimToolkit’s keys and defaults', async () => {
    await writeFile(join(folder, 'body.bin'), Buffer.from([1, 2, 255]));
    const commands = await read({
      commands: [
        { resource: '/' },
        { method: 'post', resource: '/a', port: 8080, protocol: 'https', headers: ['X-A: b'], body: 'hi', crawl: true },
        {
          method: 'PUT',
          resource: '/b',
          body_file: 'body.bin',
          username: 'u',
          password: 'p',
          body_generate: '',
          port: 0,
        },
      ],
    });
    expect(commands).toEqual([
      { method: 'GET', resource: '/', headers: [], crawl: false },
      {
        method: 'POST',
        resource: '/a',
        port: 8080,
        protocol: 'https',
        headers: ['X-A: b'],
        body: Buffer.from('hi'),
        crawl: true,
      },
      {
        method: 'PUT',
        resource: '/b',
        headers: [],
        crawl: false,
        body: Buffer.from([1, 2, 255]),
        username: 'u',
        password: 'p',
      },
    ]);
  });

  it.each<[unknown, RegExp]>([
    ['{"commands":', /probes\.json is not usable: it is not JSON/],
    [{}, /: commands: /],
    [{ commands: [] }, /commands: must not be empty/],
    [{ commands: [{ resource: '/' }, { resource: 'x' }] }, /commands\[1\]\.resource: must start with \//],
    [{ commands: [{ method: 'FETCH' }] }, /commands\[0\]\.method: must be one of GET/],
    [{ commands: [{ protocol: 'http2' }] }, /commands\[0\]\.protocol: must be http or https/],
    [{ commands: [{ port: 70_000 }] }, /commands\[0\]\.port: /],
    [{ commands: [{ headers: ['no colon'] }] }, /commands\[0\]\.headers\[0\]: must read "Name: value"/],
    [{ commands: [{ headers: ['A: b\r\nC: d'] }] }, /commands\[0\]\.headers\[0\]: /],
    [{ commands: [{ body_generate: 'text' }] }, /commands\[0\]\.body_generate: is not supported/],
    [{ commands: [{ fastcgi: { root: '/' } }] }, /commands\[0\]\.fastcgi: is not supported/],
    [{ commands: [{ path: '/' }] }, /commands\[0\]: unknown key: path/],
    [{ commands: [{ body: 'a', body_file: 'b' }] }, /commands\[0\]: body and body_file exclude each other/],
    [{ commands: [{ body_file: 'missing' }] }, /commands\[0\]\.body_file: cannot read .*missing \(ENOENT\)/],
  ])('%j is refused with the place of the mistake', async (content, message) => {
    await expect(read(content)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
    });
  });

  it('that does not exist is named', async () => {
    await expect(loadHttpCommandFile(join(folder, 'nosuch.json'))).rejects.toThrow(
      /nosuch\.json is not usable: cannot read .* \(ENOENT\)/,
    );
  });
});
