import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { imagePathFromText } from '../../../src/rootfs/path.ts';
import { type StraceLog, TraceCollector } from '../../../src/trace/collect.ts';
import { briefly } from '../../support/strace-log.ts';

async function read(lines: readonly string[], given: Partial<StraceLog> = {}) {
  const collector = new TraceCollector();
  const { hasExited } = await collector.addLog({
    stream: Readable.from([Buffer.from(lines.map((line) => `${line}\n`).join(''))]),
    phases: [{ name: 'start', startOffset: 0 }],
    prefix: imagePathFromText('/.toolkit'),
    shim: imagePathFromText('/.toolkit/shim'),
    cwd: imagePathFromText('/srv'),
    uid: 0,
    ...given,
  });
  const { accesses, completeness } = collector.finish();
  const executedByUsers = [...collector.executedByUsers];
  return {
    hasExited,
    executedByUsers,
    seen: briefly(accesses),
    executables: accesses.map(({ executable }) => executable),
    completeness,
  };
}

const exec = (path: string, result = '0') => `execve("${path}", ["x"], 0x7 /* 0 vars */) = ${result}`;

describe('a log that begins at a gate', () => {
  const waiting = [
    '7 newfstatat(AT_FDCWD</srv>, "/.toolkit/logs/.open-main", 0x7ff, 0) = -1 ENOENT (No such file or directory)',
    '7 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 8',
    `8 ${exec('/.toolkit/lib/ld.so')}`,
    '8 openat(AT_FDCWD</srv>, "/usr/lib/locale/locale-archive", O_RDONLY) = 3</usr/lib/locale/locale-archive>',
    `7 ${exec('/usr/local/bin/app', '-1 ENOENT (No such file or directory)')}`,
  ];

  it('counts from where the waiting process becomes the application', async () => {
    const app = [`7 ${exec('/usr/bin/app')}`, '7 openat(AT_FDCWD</srv>, "data", O_RDONLY) = 3</srv/data>'];
    const { seen, executables, completeness } = await read([...waiting, ...app], { isGated: true });
    expect(seen).toEqual(['execute /usr/bin/app', 'open /srv/data']);
    expect(executables).toEqual([undefined, '/usr/bin/app']);
    expect(completeness.complete).toBe(true);
  });

  it('leaves out what gives up the privilege of the tracer', async () => {
    const shim = [`7 ${exec('/.toolkit/shim/ld.so')}`, '7 open("/etc/passwd", O_RDONLY) = 3</etc/passwd>'];
    expect((await read([...waiting, ...shim, `7 ${exec('/bin/app')}`], { isGated: true })).seen).toEqual([
      'execute /bin/app',
    ]);
  });

  it('is a loss when the gate was never passed', async () => {
    const { seen, completeness } = await read(waiting, { isGated: true });
    expect(seen).toEqual([]);
    expect(completeness.losses).toEqual([expect.stringContaining('nothing of that command was seen')]);
  });
});

describe('the end of a log', () => {
  const start = `1 ${exec('/bin/app')}`;
  const thread = '1 clone(child_stack=0x7, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD) = 2';
  const child = '1 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 2';

  it.each([
    ['its own exit', [start, '1 exit_group(0) = ?']],
    ['an exit without threads', [start, '1 exit(0) = ?']],
    ['an exit that was interrupted', [start, '1 exit_group(3 <unfinished ...>']],
    ['an exit in another of its threads', [start, thread, '2 exit_group(0) = ?']],
  ])('is known by %s', async (_, lines) => {
    expect((await read(lines)).hasExited).toBe(true);
  });

  it.each([
    ['nothing', [start]],
    ["a child's exit", [start, child, '2 exit_group(0) = ?']],
  ])('is not known by %s', async (_, lines) => {
    expect((await read(lines)).hasExited).toBe(false);
  });
});

describe('programs executed by others than root', () => {
  const start = `1 ${exec('/init')}`;
  const fork = '1 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 2';

  it.each([
    ['setuid(1000) = 0', ['/bin/app']],
    ['setreuid(-1, 1000) = 0', ['/bin/app']],
    ['setresuid(1000, 1000, 0) = 0', ['/bin/app']],
    ['setresuid(-1, -1, 1000) = 0', []],
    ['setuid(0) = 0', []],
    ['setuid(1000) = -1 EPERM (Operation not permitted)', []],
  ])('are known after %s', async (call, executed) => {
    const { executedByUsers } = await read([start, `1 ${call}`, `1 ${exec('/bin/app')}`]);
    expect(executedByUsers).toEqual(executed.map((path) => ({ path, uid: 1000 })));
  });

  it('are those of children too', async () => {
    const lines = [start, '1 setuid(1000) = 0', fork, `2 ${exec('/bin/child')}`];
    expect((await read(lines)).executedByUsers).toEqual([{ path: '/bin/child', uid: 1000 }]);
  });

  it('are those of a log that begins as another user, refused ones too', async () => {
    const refused = exec('/bin/refused', '-1 EPERM (Operation not permitted)');
    const missing = exec('/bin/missing', '-1 ENOENT (No such file or directory)');
    const { executedByUsers } = await read([`1 ${refused}`, `1 ${missing}`, `1 ${exec('/bin/app')}`], { uid: 33 });
    expect(executedByUsers).toEqual([
      { path: '/bin/refused', uid: 33 },
      { path: '/bin/app', uid: 33 },
    ]);
  });
});

describe('a directory that a log was asked to begin in', () => {
  it('is used', async () => {
    const { seen } = await read([`1 ${exec('bin/app')}`], { usesCwd: true });
    expect(seen).toEqual(['directory /srv', 'execute /srv/bin/app']);
  });
});

describe('a thread that is killed while it begins or ends a call', () => {
  const killed = '8 +++ killed by SIGKILL +++';

  it.each([
    ['8 syscall_0xfffffffffffffffe(0x901, 0x9, 0, 0, 0, 0x7fd9 <unfinished ...>', killed],
    ['8 stat(0x1200,  <unfinished ...>', killed],
    ['8 newfstatat(AT_FDCWD</srv>, 0x7f12,  <unfinished ...>', '8 <... newfstatat resumed>) = ? <unavailable>', killed],
    ['8 ???( <unfinished ...>', '8 <... ??? resumed>) = ?', killed],
    ['8 ???() = ?', killed],
  ])('has done nothing more: %s', async (...lines) => {
    const { seen, completeness } = await read([`7 ${exec('/bin/app')}`, ...lines]);
    expect(seen).toEqual(['execute /bin/app']);
    expect(completeness.losses).toEqual([]);
  });

  it.each([
    '8 ???() = 3',
    '8 ???() = ? ERESTARTSYS (To be restarted if SA_RESTART is set)',
    '8 syscall_0x1d5(0x901, 0x9, 0, 0, 0, 0x7fd9) = ?',
    '8 syscall_0xfffffffffffffffe(0x901, 0x9, 0, 0, 0, 0x7fd9) = 3',
    '8 stat(0x1200, 0x7ff) = 0',
    '8 stat("/usr/sha"..., 0x7ff) = ?',
  ])('is not all that hides a path: %s', async (line) => {
    expect((await read([`7 ${exec('/bin/app')}`, line])).completeness.losses).toHaveLength(1);
  });
});
