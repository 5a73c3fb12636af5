import { describe, expect, it } from 'vitest';
import { briefly, recordedLog, traceOf } from '../../support/strace-log.ts';

const AT = '/tmp/strace-fixture';

async function recorded(name: string) {
  return (await traceOf(recordedLog(name))).accesses;
}

async function seen(...lines: string[]): Promise<string[]> {
  return briefly((await traceOf(`${lines.join('\n')}\n`)).accesses);
}

describe('accesses of recorded programs', () => {
  it('finds names with quotes, brackets, newlines, commas and bytes that are no text', async () => {
    const created = (await recorded('calls')).filter((access) => access.operation === 'create').map((a) => a.asked);
    for (const name of ['a<b>c', 'q"uote', 'new\nline', 'back\\slash', '\xff\xfe1', 'caf\xc3\xa9', 'tab\t\x017']) {
      expect(created).toContain(`${AT}/${name}`);
    }
    expect(created).toContain(`${AT}/paren) = 3`);
    expect(created).toContain(`${AT}/x (deleted)`);
  });

  it('follows directories, descriptors, the newer calls and chroot', async () => {
    const found = briefly(await recorded('calls'));
    for (const line of [
      `open ${AT}/dir<1>/from-dirfd ENOENT`,
      `access ${AT}/dir<1>/after-fchdir ENOENT`,
      `list ${AT}/dir<1>`,
      `access ${AT}/dir<1>/by-proc ENOENT`,
      `access ${AT}/real-dir/real`,
      `access ${AT}/real-dir/after-getcwd ENOENT`,
      `create ${AT}/real-dir/by-openat2 nofollow`,
      `remove ${AT}/real-dir/by-openat2 nofollow`,
      `link ${AT}/real-dir/renamed`,
      `readlink ${AT}/real-dir/symlinked nofollow`,
      `change ${AT}/real-dir/symlinked nofollow`,
      `write ${AT}/real-dir/renamed`,
      'stat /etc nofollow',
      'stat /etc/hostname nofollow',
      'socket /run/no.sock ENOENT',
      `create ${AT}/real-dir/sock"<> nofollow`,
      'execute /usr/bin/true',
      `execute ${AT}/real-dir/missing-program ENOENT`,
      `access ${AT}/in-chroot ENOENT`,
      `access ${AT}/in-chroot-dir ENOENT`,
      `open ${AT}/link-to-dir -> ${AT}/real-dir`,
    ]) {
      expect(found).toContain(line);
    }
  });

  it('keeps .. for whoever resolves a path through links', async () => {
    const up = (await recorded('calls')).find((access) => access.asked === `${AT}/up`);
    expect(up?.verbatim).toBe(`${AT}/dir<1>/../up`);
  });

  it('knows the program of every process, through fork, vfork, spawn and execveat', async () => {
    const preload = (await recorded('calls')).filter((access) => access.asked === '/etc/ld.so.preload');
    expect(preload.map((access) => access.executable)).toEqual([`${AT}/calls`, '/usr/bin/true']);
    const musl = (await recorded('musl')).find((access) => access.asked === '/etc/ld.so.preload');
    expect(musl?.executable).toBe('/usr/bin/true');
  });

  it('follows a relative path of a C library that names no directory', async () => {
    const found = briefly(await recorded('musl'));
    expect(found).toContain(`open ${AT}/relative ENOENT`);
    expect(found).toContain(`stat ${AT}/link-to-dir`);
    expect(found).toContain(`stat ${AT}/link-to-dir nofollow`);
    expect(found).toContain(`execute ${AT}/missing ENOENT`);
  });

  it('shares the working directory between threads and hands it down to forks', async () => {
    const accesses = await recorded('threads');
    const counts = Object.fromEntries(accesses.map((access) => [access.asked, access.count]));
    expect(counts[`${AT}/in-thread`]).toBe(120);
    expect(counts['/etc/after-chdir-of-thread']).toBe(1);
    expect(counts['/etc/in-fork']).toBe(240);
    expect(accesses.at(-1)?.executable).toBe('/usr/bin/true');
  });
});

describe('accesses of single calls', () => {
  it.each([
    ['open("/f", O_RDONLY|O_CLOEXEC) = 3</g>', 'open /f -> /g'],
    ['open("/f", O_RDWR) = 3</f>', 'write /f'],
    ['open("/f", O_RDONLY|O_TRUNC) = 3</f>', 'write /f'],
    ['open("/f", O_WRONLY|O_CREAT|O_EXCL, 0600) = -1 EEXIST (File exists)', 'create /f EEXIST nofollow'],
    ['open("/f", O_RDONLY|O_DIRECTORY) = 3</f>', 'directory /f'],
    ['open("/f", O_RDWR|O_TMPFILE, 0600) = 3</f/#7>(deleted)', 'directory /f -> /f/#7'],
    ['open("/f", O_RDONLY|O_NOFOLLOW|O_PATH) = 3</f>', 'open /f nofollow'],
    ['creat("/f", 0600) = 3</f>', 'create /f'],
    ['open_by_handle_at(3</>, {handle_bytes=8}, O_RDONLY) = 4</etc/f>', 'open /etc/f'],
    ['newfstatat(3</f>, "", {st_mode=S_IFREG}, AT_EMPTY_PATH) = 0', 'stat /f'],
    ['statx(3</f>, NULL, AT_EMPTY_PATH, STATX_TYPE, {stx_mask=0}) = 0', 'stat /f'],
    ['newfstatat(3</d>, "f", 0x7, AT_SYMLINK_NOFOLLOW) = 0', 'stat /d/f nofollow'],
    ['readlinkat(3</f>, "", "target", 64) = 6', 'readlink /f nofollow'],
    ['utimensat(3</f>, NULL, NULL, 0) = 0', 'change /f'],
    ['name_to_handle_at(AT_FDCWD</>, "/f", {}, [1], AT_SYMLINK_FOLLOW) = 0', 'stat /f'],
    ['unlinkat(3</d>, "f", AT_REMOVEDIR) = 0', 'remove /d/f nofollow'],
    ['lsetxattr("/f", "user.a", "x", 1, 0) = 0', 'xattr /f nofollow'],
    ['fanotify_mark(3, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD</d>, "f") = 0', 'stat /d/f'],
    ['symlink("text only", "/f") = 0', 'create /f nofollow'],
    ['mount("overlay", "/f", "overlay", 0, "") = 0', 'stat /f'],
    ['truncate("/f", 0) = ?', 'write /f'],
    ['newfstatat(3</f>(deleted), "", 0x7, AT_EMPTY_PATH) = 0', undefined],
    ['newfstatat(5<socket:[7]>, "", 0x7, AT_EMPTY_PATH) = 0', undefined],
    ['stat("", 0x7) = -1 ENOENT (No such file or directory)', undefined],
  ])('%s', async (line, expected) => {
    expect(await seen(`1 ${line}`)).toEqual(expected === undefined ? [] : [expected]);
  });

  it('takes both paths of a rename', async () => {
    expect(await seen('1 renameat(3</a>, "x", 4</b>, "y") = 0')).toEqual([
      'remove /a/x nofollow',
      'create /b/y nofollow',
    ]);
  });

  it('corrects the working directory by what the kernel says', async () => {
    expect(
      await seen(
        '1 chdir("/link") = 0',
        '1 openat(AT_FDCWD</real>, "a", O_RDONLY) = 3</real/a>',
        '1 access("b", F_OK) = 0',
      ),
    ).toEqual(['directory /link', 'open /real/a', 'access /real/b']);
  });

  it('does not follow a chdir or an execve that failed', async () => {
    const { accesses } = await traceOf(
      '1 chdir("/no") = -1 ENOENT (No such file or directory)\n1 execve("/no", ["no"], 0x7) = -1 ENOENT (No such file or directory)\n1 access("x", F_OK) = 0\n',
    );
    expect(accesses.at(-1)).toMatchObject({ asked: `${AT}/x` });
    expect(accesses.at(-1)).not.toHaveProperty('executable');
  });

  it('gives a child whose first line comes before its parent knows it the right directory', async () => {
    const { accesses, completeness } = await traceOf(
      [
        '1 clone(flags=SIGCHLD) = 2',
        '1 chdir("/one") = 0',
        '2 chdir("/two") = 0',
        '1 clone(flags=SIGCHLD <unfinished ...>',
        '2 clone(flags=SIGCHLD <unfinished ...>',
        '3 chdir("/") = 0',
        '1 <... clone resumed>) = 3',
        '2 <... clone resumed>) = 4',
        '4 access("x", F_OK) = 0',
        '3 access("x", F_OK) = 0\n',
      ].join('\n'),
    );
    expect(accesses.slice(3).map((access) => access.asked)).toEqual(['/two/x', '/x']);
    expect(completeness.notes).toEqual([]);
  });

  it('says when it had to guess the directory of a relative path', async () => {
    const { accesses, completeness } = await traceOf(
      [
        '1 clone(flags=SIGCHLD) = 2',
        '1 chdir("/one") = 0',
        '2 chdir("/two") = 0',
        '1 clone(flags=SIGCHLD <unfinished ...>',
        '2 clone(flags=SIGCHLD <unfinished ...>',
        '3 access("x", F_OK) = 0',
        '1 <... clone resumed>) = 3\n',
      ].join('\n'),
    );
    expect(accesses.at(-1)?.asked).toBe('/two/x');
    expect(completeness.notes[0]).toContain('most likely directory');
  });
});
