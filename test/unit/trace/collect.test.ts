import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { imagePathFromText } from '../../../src/rootfs/path.ts';
import { TraceCollector } from '../../../src/trace/collect.ts';
import { briefly, byteStrings, encodeAsStrace, recordedLog, traceOf } from '../../support/strace-log.ts';

const EXECVE = '1 execve("/app", ["app"], 0x7 /* 0 vars */) = 0\n';
const LOGS = ['calls', 'musl', 'perl', 'python', 'sh', 'threads'];

describe('TraceCollector', () => {
  it.each(LOGS)('understands every line of the recorded log %s', async (name) => {
    const { completeness } = await traceOf(recordedLog(name));
    expect(completeness).toMatchObject({ complete: true, losses: [], unparsedLines: 0 });
  });

  it.each(LOGS)('reads the log %s alike however its stream is cut', async (name) => {
    const log = recordedLog(name);
    const whole = await traceOf(log);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(log.length), { maxLength: 40 }), async (cuts) => {
        const borders = [0, ...cuts.sort((a, b) => a - b), log.length];
        const chunks = borders.slice(1).map((end, i) => log.subarray(borders[i], end));
        expect(await traceOf(chunks)).toEqual(whole);
      }),
      { numRuns: 15 },
    );
  });

  it('counts garbage and never throws', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(byteStrings(), { maxLength: 30 }), async (parts) => {
        const { completeness } = await traceOf(`${EXECVE}${parts.join('(")<\n')}\n`);
        const lost = completeness.unparsedLines > 0;
        expect(completeness.complete).toBe(completeness.losses.length === 0);
        expect(lost || completeness.complete).toBe(true);
      }),
    );
  });

  it('finds any name that can be opened', async () => {
    const names = byteStrings().filter((name) => !/^$|[/\0]|^\.\.?$/.test(name));
    await fc.assert(
      fc.asyncProperty(names, async (name) => {
        const { accesses } = await traceOf(`${EXECVE}1 stat("/d/${encodeAsStrace(name)}", 0x7) = 0\n`);
        expect(accesses[1]?.asked).toBe(`/d/${name}`);
      }),
    );
  });

  it('assigns each line to the phase in which it begins, and counts repetitions', async () => {
    const line = '1 access("/x", F_OK) = 0\n';
    const collector = new TraceCollector();
    await collector.addLog({
      stream: Readable.from([Buffer.from(EXECVE + line + line + line)]),
      phases: [
        { name: 'start', startOffset: 0 },
        { name: 'empty', startOffset: EXECVE.length + line.length },
        { name: 'probe', startOffset: EXECVE.length + line.length },
      ],
      prefix: imagePathFromText('/.toolkit'),
      shim: imagePathFromText('/.toolkit/shim'),
      cwd: imagePathFromText('/'),
      uid: 0,
    });
    const { accesses } = collector.finish();
    expect(accesses.map(({ asked, phase, count }) => [asked, phase, count])).toEqual([
      ['/app', 'start', 1],
      ['/x', 'start', 1],
      ['/x', 'probe', 2],
    ]);
  });

  it('leaves out the toolkit and the file systems of the kernel, but not what their links lead to', async () => {
    const { accesses } = await traceOf(
      [
        '1 open("/.toolkit/lib/libc.so", O_RDONLY) = 3</.toolkit/lib/libc.so>',
        '1 open("/.toolkit-of-app", O_RDONLY) = -1 ENOENT (No such file or directory)',
        '1 open("/dev/null", O_RDONLY) = 3</dev/null>',
        '1 open("/device", O_RDONLY) = 3</device>',
        '1 open("/proc/7/fd/3", O_RDONLY) = 3</etc/real>',
        '1 stat("/proc/self/root/etc/by-root", 0x7) = 0\n',
      ].join('\n'),
    );
    expect(briefly(accesses)).toEqual([
      'open /.toolkit-of-app ENOENT',
      'open /device',
      'open /etc/real',
      'stat /etc/by-root',
    ]);
  });

  it('says that an empty log is a loss', async () => {
    expect((await traceOf('')).completeness.losses).toEqual([
      '1 of the trace logs is empty: nothing of that command was seen',
    ]);
  });

  it('takes a last line without its end for the sign of a stopped container, not for a loss', async () => {
    const { completeness, accesses } = await traceOf(`${EXECVE}1 openat(AT_FDC`);
    expect(completeness).toMatchObject({ complete: true, unparsedLines: 0 });
    expect(completeness.notes[0]).toContain('cut off');
    expect(accesses).toHaveLength(1);
  });

  it.each([
    ['a line that is no call', '1 openat(AT_FDCWD</>, "x'],
    ['a call that no table knows', '1 openat9("/x") = 0'],
    ['a success whose path is not shown', '1 stat(0x7ffd, 0x7) = 0'],
    ['a success whose path is cut', '1 stat("/x"..., 0x7) = 0'],
    ['a directory that is not shown', '1 openat(7, "x", O_RDONLY) = 3'],
  ])('is incomplete after %s', async (_, line) => {
    const { completeness } = await traceOf(`${EXECVE}${line}\n`);
    expect(completeness.complete).toBe(false);
    expect(completeness.unparsedLines).toBe(1);
    expect(completeness.unparsedSamples).toHaveLength(1);
  });

  it.each([
    '1 openat(99, "x", O_RDONLY) = -1 EBADF (Bad file descriptor)',
    '1 stat(0x8, 0x7) = -1 EFAULT (Bad address)',
    '1 stat(NULL, 0x7) = -1 EFAULT (Bad address)',
    '1 openat(5<pipe:[7]>, "x", O_RDONLY) = -1 ENOTDIR (Not a directory)',
    '1 stat("/long"..., 0x7) = -1 ENAMETOOLONG (File name too long)',
    '1 connect(3<socket:[7]>, {sa_family=AF_UNIX, sun_path=@"abstract"}, 10) = 0',
    '1 connect(3<socket:[7]>, {sa_family=AF_INET, sin_port=htons(80)}, 16) = 0',
  ])('is complete after a call that could use no path: %s', async (line) => {
    const { completeness, accesses } = await traceOf(`${EXECVE}${line}\n`);
    expect(completeness.complete).toBe(true);
    expect(accesses).toHaveLength(1);
  });

  it('notes io_uring, mounts and calls that stop working', async () => {
    const { completeness } = await traceOf(
      [
        '1 io_uring_setup(8, {flags=0}) = 3<anon_inode:[io_uring]>',
        '1 mount("/a", "/b", NULL, MS_BIND, NULL) = 0',
        '1 access("/x", F_OK) = 0',
        '1 access("/x", F_OK) = -1 ENOSYS (Function not implemented)\n',
      ].join('\n'),
    );
    expect(completeness.complete).toBe(true);
    expect(completeness.notes.map((note) => /io_uring|mounts|ENOSYS/.exec(note)?.[0])).toEqual([
      'io_uring',
      'mounts',
      'ENOSYS',
    ]);
  });

  it('reads the program and the result of a line that is longer than it keeps', async () => {
    const script = 'x'.repeat(300_000);
    const { accesses, completeness } = await traceOf(
      `1 execve("/bin/sh", ["sh", "-c", "${script}"], 0x7 /* 0 vars */) = 0\n1 access("/x", F_OK) = 0\n`,
    );
    expect(completeness.complete).toBe(true);
    expect(accesses.map((access) => [access.asked, access.executable])).toEqual([
      ['/bin/sh', undefined],
      ['/x', '/bin/sh'],
    ]);
  });

  it('adds up the losses that its caller knows of', () => {
    expect(new TraceCollector().finish({ losses: ['the tracer was gone'] }).completeness).toMatchObject({
      complete: false,
      losses: ['the tracer was gone'],
    });
  });
});
