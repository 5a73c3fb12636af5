import { describe, expect, it } from 'vitest';
import { imagePathFromText } from '../../../src/rootfs/path.ts';
import { straceCommand } from '../../../src/trace/strace-command.ts';

describe('straceCommand', () => {
  it('starts strace by the launcher, writes the named log and ends with the command, without the privilege of the tracer', () => {
    const toolkit = {
      launcher: ['/.t/ld.so', '--library-path', '/.t/lib'],
      unprivileged: ['/.t/shim/ld.so', '/.t/setpriv', '--'],
      shim: imagePathFromText('/.t/shim'),
      strace: '/.t/strace',
      sh: '/.t/sh',
      sleep: '/.t/sleep',
      bin: '/.t/bin',
      logs: '/.t/logs',
      prefix: imagePathFromText('/.t'),
    };
    const command = straceCommand(toolkit, 'main', ['app', '--', '-x']);
    expect(command.slice(0, 4)).toEqual(['/.t/ld.so', '--library-path', '/.t/lib', '/.t/strace']);
    expect(command).toContain('-DDD');
    expect(command).toContain('inject=?io_uring_setup:error=EPERM');
    expect(command.slice(command.indexOf('-o'))).toEqual([
      '-o',
      '/.t/logs/main',
      '--',
      '/.t/shim/ld.so',
      '/.t/setpriv',
      '--',
      'app',
      '--',
      '-x',
    ]);
  });
});
