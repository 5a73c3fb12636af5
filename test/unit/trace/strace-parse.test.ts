import { describe, expect, it } from 'vitest';
import { StraceParser } from '../../../src/trace/strace-parse.ts';

function parse(...lines: string[]): { calls: string[]; strange: string[] } {
  const calls: string[] = [];
  const strange: string[] = [];
  const parser = new StraceParser({
    onCall: (pid, call) => calls.push(`${pid} ${call.name}(${call.args.join(', ')}) = ${call.result}`),
    onBegin: () => {},
    onStrange: (line, kind) => strange.push(`${kind}: ${line}`),
  });
  for (const line of lines) parser.line(line);
  parser.end();
  return { calls, strange };
}

describe('StraceParser', () => {
  it('reads lines with a padded process id, and without any', () => {
    expect(parse('1     access("/x", F_OK) = 0', 'chdir("/") = 0').calls).toEqual([
      '1 access("/x", F_OK) = 0',
      '0 chdir("/") = 0',
    ]);
  });

  it('joins the halves of interrupted calls, whatever other processes do in between', () => {
    const { calls, strange } = parse(
      '7 statx(AT_FDCWD</>, "a", 0, 0,  <unfinished ...>',
      '8 access("b", F_OK <unfinished ...>',
      '7 <... statx resumed>{stx_mask=0}) = 0',
      '8 <... access resumed>) = -1 ENOENT (No such file or directory)',
    );
    expect(calls).toEqual([
      '7 statx(AT_FDCWD</>, "a", 0, 0, {stx_mask=0}) = 0',
      '8 access("b", F_OK) = -1 ENOENT (No such file or directory)',
    ]);
    expect(strange).toEqual([]);
  });

  it('gives a call that never returned the result ?', () => {
    expect(parse('7 open("fifo", O_RDONLY <unfinished ...>', '7 +++ killed by SIGKILL +++').calls).toEqual([
      '7 open("fifo", O_RDONLY) = ?',
    ]);
    expect(parse('7 open("fifo", O_RDONLY <unfinished ...>').calls).toEqual(['7 open("fifo", O_RDONLY) = ?']);
    expect(
      parse('7 open("fifo", O_RDONLY <unfinished ...>', '7 <... open resumed> <unfinished ...>) = ?').calls,
    ).toHaveLength(1);
  });

  it('reads calls that strace could not tell', () => {
    const lines = ['7 ???() = ?', '8 ???( <unfinished ...>', '8 <... ??? resumed>)    = ?', '9 ???() = 3'];
    expect(parse(...lines)).toEqual({ calls: ['7 ???() = ?', '8 ???() = ?', '9 ???() = 3'], strange: [] });
  });

  it.each([
    ['8 execve("/bin/true", ["true"], 0x7 /* 0 vars */ <unfinished ...>'],
    ['8 execve("/bin/true", ["true"], 0x7 /* 0 vars */ <pid changed to 7 ...>'],
  ])('takes the execve of a thread for one of its process: %s', (line) => {
    const { calls, strange } = parse(
      line,
      '7 +++ superseded by execve in pid 8 +++',
      '7 <... execve resumed>) = -1 (errno 18446744073709551595)',
    );
    expect(calls).toEqual(['7 execve("/bin/true", ["true"], 0x7 /* 0 vars */) = 0']);
    expect(strange).toEqual([]);
  });

  it('lets signals and ends of processes pass', () => {
    const { strange } = parse('7 --- SIGCHLD {si_signo=SIGCHLD} ---', '7 +++ exited with 0 +++');
    expect(strange).toEqual([]);
  });

  it('tells a decoration it does not know from a call it does not understand', () => {
    expect(
      parse('[ Process PID=7 runs in 32 bit mode. ]', '7 open("x', '7 <... open resumed>) = 3', 'noise').strange,
    ).toEqual([
      'decoration: [ Process PID=7 runs in 32 bit mode. ]',
      'call: 7 open("x',
      'call: 7 <... open resumed>) = 3',
      'call: noise',
    ]);
  });
});
