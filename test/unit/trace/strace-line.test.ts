import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { annotationOf, ELLIPSIS, errnoOfResult, parseCall, pathOf } from '../../../src/trace/strace-line.ts';
import { byteStrings, encodeAsStrace } from '../../support/strace-log.ts';

describe('parseCall', () => {
  it('splits arguments outside of strings, structures, annotations and comments only', () => {
    const text =
      'openat2(3</a, b>, "c, \\"d)", {flags=O_RDONLY, mode=[1, 2]}, 0x7 /* 3 vars, more */, 1<<2, 24)  = 4</e) = 5>';
    expect(parseCall(text)).toEqual({
      name: 'openat2',
      args: ['3</a, b>', '"c, \\"d)"', '{flags=O_RDONLY, mode=[1, 2]}', '0x7 /* 3 vars, more */', '1<<2', '24'],
      result: '4</e) = 5>',
    });
  });

  it('keeps any path apart from what is around it', () => {
    fc.assert(
      fc.property(byteStrings(), byteStrings(), (a, b) => {
        const [first, second] = [`"${encodeAsStrace(a)}"`, `"${encodeAsStrace(b)}"`];
        expect(parseCall(`rename(${first}, ${second}) = 0`)?.args).toEqual([first, second]);
      }),
    );
  });

  it('takes a call without arguments', () => {
    expect(parseCall('vfork( )                           = 12')).toMatchObject({ name: 'vfork', result: '12' });
  });

  it('takes the first arguments and the result of a line whose middle was left out', () => {
    const call = parseCall(`execve("/bin/sh", ["sh", "-c", "${'x'.repeat(5000)}${ELLIPSIS}y"], 0x7f /* 9 vars */) = 0`);
    expect(call).toMatchObject({ name: 'execve', result: '0' });
    expect(call?.args[0]).toBe('"/bin/sh"');
  });

  it.each([
    '',
    'open',
    'open(',
    'open("x"',
    'open("x)',
    'open("x") ',
    'open("x") = ',
    'open("x"] = 0',
    'open({"x") = 0',
    'open(3</x) = 0',
    'Open("x") = 0',
    '("x") = 0',
    'open("x")= 0',
  ])('refuses %j', (text) => {
    expect(parseCall(text)).toBeUndefined();
  });
});

describe('pathOf', () => {
  it('tells a path, a null pointer, a cut string and an unreadable address apart', () => {
    expect(pathOf('"/a\\377"')).toEqual({ path: '/a\xff' });
    expect(pathOf('NULL')).toBe('null');
    expect(pathOf('"/long"...')).toBe('cut');
    expect(pathOf('0x7ffd0b')).toBe('unreadable');
    expect(pathOf(undefined)).toBe('unreadable');
  });
});

describe('annotationOf', () => {
  it('reads what a descriptor leads to', () => {
    expect(annotationOf('3</a\\74b\\76>')).toEqual({ target: '/a<b>', isDeleted: false });
    expect(annotationOf('AT_FDCWD</srv>')).toEqual({ target: '/srv', isDeleted: false });
    expect(annotationOf('3</gone>(deleted)')).toEqual({ target: '/gone', isDeleted: true });
    expect(annotationOf('3</x (deleted)>')).toEqual({ target: '/x (deleted)', isDeleted: false });
    expect(annotationOf('5<pipe:[19861]>')).toEqual({ target: 'pipe:[19861]', isDeleted: false });
    expect(annotationOf('99')).toBeUndefined();
  });
});

describe('errnoOfResult', () => {
  it('reads the name of an error', () => {
    expect(errnoOfResult('-1 ENOENT (No such file or directory)')).toBe('ENOENT');
    expect(errnoOfResult('? ERESTARTSYS (To be restarted if SA_RESTART is set)')).toBe('ERESTARTSYS');
    expect(errnoOfResult('-1 (errno 1234)')).toBe('EUNKNOWN');
  });

  it('finds none in a success or a call that never returned', () => {
    for (const result of ['0', '3</etc/passwd>', '?', '3464', '0x7f00']) expect(errnoOfResult(result)).toBeUndefined();
  });
});
