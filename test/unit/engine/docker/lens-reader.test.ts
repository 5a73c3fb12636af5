import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { LensReader } from '../../../../src/engine/docker/lens-reader.ts';
import { imagePathFromText } from '../../../../src/rootfs/path.ts';

const path = (text: string) => imagePathFromText(text);

function frame(text: string, channel = 1): Buffer {
  const header = Buffer.from([channel, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(text.length, 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

/** A shell in a container, which gives these answers one after another; undefined: none. */
function server(...answers: (Buffer | undefined)[]) {
  const requests: string[] = [];
  const stream = new Duplex({
    read: () => {},
    write(chunk: Buffer, _encoding, done) {
      requests.push(chunk.toString());
      const answer = answers.shift();
      if (answer) this.push(answer);
      done();
    },
  });
  return { stream, requests };
}

describe('reading files through a shell in a container', () => {
  it('asks for paths in which nothing means anything to a shell', async () => {
    const { stream, requests } = server(frame('ab'));
    const reader = new LensReader(stream);
    expect((await reader.read(path('/a b\\$(x)\n'), 1, 2)).toString()).toBe('ab');
    expect(requests).toEqual(['1 2 /a\\0040b\\0134\\0044\\0050x\\0051\\0012\n']);
  });

  it('does not take the answer to one request for the rest of another that came short', async () => {
    const { stream } = server(frame('ab'), frame('secret'));
    const reader = new LensReader(stream, 50);
    await expect(reader.read(path('/short'), 0, 4)).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
    await expect(reader.read(path('/other'), 0, 6)).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
    expect(stream.destroyed).toBe(true);
  });

  it('fails with what the shell complains about', async () => {
    const { stream } = server(frame('dd: no such file', 2));
    await expect(new LensReader(stream).read(path('/gone'), 0, 4)).rejects.toMatchObject({
      message: '/gone cannot be read in the container',
      context: { complaint: 'dd: no such file' },
    });
  });
});
