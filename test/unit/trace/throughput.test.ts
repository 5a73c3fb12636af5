import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { imagePathFromText } from '../../../src/rootfs/path.ts';
import { TraceCollector } from '../../../src/trace/collect.ts';

const LINES = 1_000_000;
const FILES = 20_000;

/** What a large Python service would log: opens, fstat, failed look-ups, readlink, interrupted calls of 8 threads. */
function* largeLog(): Generator<Buffer> {
  let block = '';
  for (let i = 0; i < LINES; i++) {
    block += `${lineOf(i)}\n`;
    if (block.length < 65_536) continue;
    yield Buffer.from(block);
    block = '';
  }
  yield Buffer.from(block);
}

function lineOf(i: number): string {
  const n = (Math.floor(i / 6) * 7919) % FILES;
  const folder = `/usr/lib/python3/dist-packages/package${n % 97}`;
  const pid = 100 + (Math.floor(i / 6) % 8);
  const forms = [
    `openat(AT_FDCWD</srv/app>, "${folder}/module${n}.py", O_RDONLY|O_CLOEXEC) = 3<${folder}/module${n}.py>`,
    `newfstatat(3<${folder}/module${n}.py>, "", {st_mode=S_IFREG|0644, st_size=34143, ...}, AT_EMPTY_PATH) = 0`,
    `newfstatat(AT_FDCWD</srv/app>, "${folder}/module${n}.pyc", 0x7ffd, 0) = -1 ENOENT (No such file or directory)`,
    `readlink("${folder}", 0x7ffd0bc87a10, 1023) = -1 EINVAL (Invalid argument)`,
    `access("conf/module${n}.ini", R_OK <unfinished ...>`,
    '<... access resumed>)             = -1 ENOENT (No such file or directory)',
  ];
  return `${pid}   ${forms[i % 6]}`;
}

describe('TraceCollector', () => {
  it('reads a million lines in less than 10 seconds, in memory that does not grow with the log', async () => {
    const collector = new TraceCollector();
    const before = process.memoryUsage().rss;
    const startedAt = performance.now();
    await collector.addLog({
      stream: Readable.from(largeLog()),
      phases: [{ name: 'start', startOffset: 0 }],
      prefix: imagePathFromText('/.toolkit'),
      shim: imagePathFromText('/.toolkit/shim'),
      cwd: imagePathFromText('/srv/app'),
      uid: 0,
    });
    const seconds = (performance.now() - startedAt) / 1000;
    const grownBytes = process.memoryUsage().rss - before;
    const { accesses, completeness } = collector.finish();
    expect(completeness).toMatchObject({ complete: true, lines: LINES, unparsedLines: 0 });
    expect(accesses).toHaveLength(4 * FILES + 97);
    expect(accesses.reduce((sum, access) => sum + access.count, 0)).toBe(Math.ceil((LINES * 5) / 6));
    expect(seconds).toBeLessThan(10);
    expect(grownBytes).toBeLessThan(200 * 2 ** 20);
  }, 30_000);
});
