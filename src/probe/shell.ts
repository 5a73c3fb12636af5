import type { ToolkitPaths } from '../engine/types.ts';
import type { Program } from './exec.ts';

/** Which programs an image has. */
export interface ImagePrograms {
  /** Where a program is: an absolute path, or a name looked up in the image's PATH. Undefined when it is not there. */
  find(program: string): string | undefined;
}

/** Interpreters that read a program from standard input, by name, and the argument that makes them do it. */
const STDIN_ARGUMENTS: readonly { readonly name: RegExp; readonly argument: string }[] = [
  { name: /^(?:ba|da|a|z|k|mk)?sh$/, argument: '-s' },
  { name: /^(?:python[\d.]*|pypy3?|perl|ruby|node|lua[\d.]*)$/, argument: '-' },
];

/** `sh -c LINE`, by the image's own shell or, where it has none, by the toolkit's. */
export function shellProgram(line: string, programs: ImagePrograms): Program {
  return { command: (toolkit) => [...shellOf(programs, toolkit), '-c', line] };
}

/**
 * A script streamed into the interpreter that its `#!` line names, when the image has it and it can read a script from
 * standard input; else into `sh -s`.
 */
export function scriptProgram(content: Buffer, programs: ImagePrograms): Program {
  const interpreter = interpreterOf(content, programs);
  return {
    command: (toolkit) => interpreter ?? [...shellOf(programs, toolkit), '-s'],
    stdin: content,
  };
}

function shellOf(programs: ImagePrograms, toolkit: ToolkitPaths): readonly string[] {
  const shell = programs.find('/bin/sh');
  return shell ? ['/bin/sh'] : [...toolkit.launcher, toolkit.sh];
}

function interpreterOf(content: Buffer, programs: ImagePrograms): readonly string[] | undefined {
  const firstLine = content.subarray(0, 256).toString('utf8').split('\n', 1)[0] ?? '';
  const words = /^#!\s*(.*)$/.exec(firstLine.trimEnd())?.[1]?.split(/\s+/) ?? [];
  const [program, ...args] = /(?:^|\/)env$/.test(words[0] ?? '') ? words.slice(words[1] === '-S' ? 2 : 1) : words;
  if (!program) return undefined;
  const name = program.slice(program.lastIndexOf('/') + 1);
  const argument = STDIN_ARGUMENTS.find((known) => known.name.test(name))?.argument;
  const path = argument && programs.find(program);
  return path ? [path, ...args, argument] : undefined;
}
