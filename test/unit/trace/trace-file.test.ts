import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toImagePath } from '../../../src/rootfs/path.ts';
import { mergeTraces } from '../../../src/trace/merge.ts';
import type { Access, Trace } from '../../../src/trace/trace.ts';
import { isTraceFile, readTraceFile, type TraceFile, writeTraceFile } from '../../../src/trace/trace-file.ts';
import { byteStrings, recordedLog, traceOf } from '../../support/strace-log.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trace-file-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(trace: Trace): Promise<TraceFile> {
  const facts = [{ name: 'stdout', value: 'caf\xc3\xa9\n', compare: 'text' as const }];
  const outcomes = [{ probe: 'exec true', ok: true, summary: 'exit 0', durationMs: 12, facts }];
  return { source: 'oci:app', digest: 'sha256:00', tracer: 'strace', trace, outcomes };
}

function traceWith(...accesses: Access[]): Trace {
  const completeness = { complete: true, losses: [], notes: [], lines: 1, unparsedLines: 0, unparsedSamples: [] };
  return { accesses, completeness };
}

const access = (asked: string, more: Partial<Access> = {}): Access => ({
  operation: 'open',
  asked: toImagePath(asked),
  syscall: 'open',
  pid: 1,
  phase: 'start',
  count: 1,
  ...more,
});

describe('writeTraceFile and readTraceFile', () => {
  it.each(['calls', 'threads', 'python'])('give back the trace of %s', async (name) => {
    const path = join(folder, name);
    const file = await fileOf(await traceOf(recordedLog(name)));
    await writeTraceFile(path, file);
    expect(await readTraceFile(path)).toEqual(file);
    expect(await isTraceFile(path)).toBe(true);
    expect((await readdir(folder)).filter((entry) => entry.includes('partial'))).toEqual([]);
  });

  it('give back paths of any bytes', async () => {
    const path = join(folder, 'bytes');
    await fc.assert(
      fc.asyncProperty(byteStrings(), fc.string(), async (bytes, text) => {
        const asked = toImagePath(`/${bytes}`);
        const resolved = toImagePath(`/${Buffer.from(text).toString('latin1')}`);
        const file = await fileOf(traceWith(access(asked, { resolved, verbatim: `/a/../${bytes}` })));
        await writeTraceFile(path, file);
        expect(await readTraceFile(path)).toEqual(file);
      }),
      {
        numRuns: 60,
        examples: [
          ['\xc2\x85\xe2\x80\xae', '\u0085'],
          ['\x85', '..'],
        ],
      },
    );
  });

  it.each([
    ['an empty file', () => '', 'line 1'],
    ['a file of something else', () => '{"name":"x"}\n', 'line 1'],
    ['a later version', (whole: string) => whole.replace('"version":1', '"version":2'), 'version'],
    ['a line that is no JSON', (whole: string) => whole.replace('{"record":"access"', '{record'), 'line 2'],
    ['an unknown operation', (whole: string) => whole.replace('"open"', '"opened"'), 'line 2'],
    ['a relative path', (whole: string) => whole.replace('"/x"', '"x"'), 'line 2'],
    ['a file that was cut off', (whole: string) => `${whole.split('\n').slice(0, 2).join('\n')}\n`, 'line 3'],
    ['a line behind the end', (whole: string) => `${whole}${whole.split('\n')[1]}\n`, 'line 5'],
  ])('refuse %s, naming the line', async (_, spoil, where) => {
    const path = join(folder, 'spoilt');
    await writeTraceFile(path, await fileOf(traceWith(access('/x'))));
    await writeFile(path, spoil(await readFile(path, 'utf8')));
    await expect(readTraceFile(path)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(where),
    });
  });

  it('leave nothing behind when the folder cannot be written', async () => {
    await expect(writeTraceFile(join(folder, 'no', 'x'), await fileOf(traceWith()))).rejects.toThrow(
      'there is no folder for',
    );
  });
});

describe('isTraceFile', () => {
  it('says no to folders, missing files and archives', async () => {
    await writeFile(join(folder, 'other'), 'x'.repeat(100));
    for (const path of [folder, join(folder, 'missing'), join(folder, 'other')]) {
      expect(await isTraceFile(path)).toBe(false);
    }
  });
});

describe('mergeTraces', () => {
  it('counts equal accesses together and keeps different ones', () => {
    const merged = mergeTraces([
      traceWith(access('/a', { count: 2 }), access('/b')),
      traceWith(access('/a', { count: 3 }), access('/a', { errno: 'EACCES' }), access('/a', { phase: 'probe' })),
    ]);
    expect(merged.accesses.map(({ asked, count }) => [asked, count])).toEqual([
      ['/a', 5],
      ['/b', 1],
      ['/a', 1],
      ['/a', 1],
    ]);
    expect(merged.completeness).toMatchObject({ complete: true, lines: 2 });
  });

  it('is incomplete when one of the traces is', async () => {
    const merged = mergeTraces([traceWith(), await traceOf('')]);
    expect(merged.completeness.complete).toBe(false);
    expect(merged.completeness.losses).toHaveLength(1);
  });

  it('leaves the merged traces as they were', () => {
    const first = traceWith(access('/a'));
    mergeTraces([first, first]);
    expect(first.accesses[0]?.count).toBe(1);
  });
});
