import { Command } from 'commander';
import { normalizeArguments } from './arguments.ts';
import { COMMON_OPTIONS } from './build-options.ts';
import { build } from './commands/build.ts';
import { clean } from './commands/clean.ts';
import { doctor } from './commands/doctor.ts';
import { explain } from './commands/explain.ts';
import { init } from './commands/init.ts';
import { paths } from './commands/paths.ts';
import type { CommandSpec } from './commands/spec.ts';
import { trace } from './commands/trace.ts';
import { verify } from './commands/verify.ts';
import { addOptions, type OptionRow } from './option-rows.ts';
import { expandParamsFiles } from './params-file.ts';
import type { Session } from './session.ts';
import { slimOptions } from './slim-flags.ts';

// biome-ignore lint/suspicious/noExplicitAny: each command knows its own options; here they are only passed on
const COMMANDS: readonly CommandSpec<any>[] = [build, init, trace, paths, verify, explain, clean, doctor];

const DESCRIPTION = 'Make container images small by watching what they use, and prove that the result still works.';

/**
 * Runs one command line (without node and script). Gives the exit status.
 *
 * @throws CommanderError for wrong usage and after printing help; TraceSlimError
 */
export async function runProgram(argv: readonly string[], session: Session): Promise<number> {
  let status = 0;
  const words = normalizeArguments(await expandParamsFiles(argv), {
    commands: new Set(['help', ...COMMANDS.flatMap(({ name, aliases = [] }) => [name, ...aliases])]),
    options: allOptions(),
  });
  const showAll = words.includes('--help-all');
  const program = newProgram(session, showAll);
  for (const spec of COMMANDS) {
    const command = addCommand(program, spec, async (operands) => {
      const { withConsole } = await import('./console.ts');
      status = await withConsole(command, spec.groups, session, (console) => spec.run(operands, console, session));
    });
    // Options of commands that are not named here would only cost time.
    const isNamed = [spec.name, ...(spec.aliases ?? [])].some((name) => words.includes(name));
    const groups = spec.acceptsSlimFlags ? [...spec.groups, slimOptions(spec.groups)] : spec.groups;
    if (isNamed) addOptions(command, groups, showAll);
  }
  await program.parseAsync(
    words.map((word) => (word === '--help-all' ? '--help' : word)),
    { from: 'user' },
  );
  return status;
}

function newProgram(session: Session, showAll: boolean): Command {
  const program = new Command('trace-slim')
    .description(
      `${DESCRIPTION}\n\n${formatExamples([...build.examples.slice(0, 2), ...explain.examples.slice(0, 1)])}`,
    )
    .version(session.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help; after a command, its options')
    .enablePositionalOptions()
    .exitOverride()
    .configureHelp({ optionDescription: (option) => option.description })
    .configureOutput({
      writeOut: (text) => session.stdout.write(text),
      writeErr: (text) => session.stderr.write(text),
      // Errors are printed by the caller, like every other.
      outputError: () => {},
      getOutHelpWidth: () => session.stdout.columns ?? 100,
    });
  addOptions(program, [COMMON_OPTIONS], showAll);
  return program;
}

function addCommand<Options>(
  program: Command,
  spec: CommandSpec<Options>,
  run: (operands: (string | undefined)[]) => Promise<void>,
): Command {
  const command = program
    .command(spec.name)
    .summary(spec.summary)
    .description(`${spec.description.replace(/\n/g, ' ')}\n\n${formatExamples(spec.examples)}`)
    .helpOption('-h, --help', 'print this help')
    .option('--help-all', 'print all options');
  for (const alias of spec.aliases ?? []) command.alias(alias);
  for (const [syntax, text] of spec.arguments) command.argument(syntax, text);
  // The operands of `<input...>` come as one list.
  command.action(() => run(command.processedArgs.flat()));
  return command;
}

function formatExamples(examples: CommandSpec<never>['examples']): string {
  const lines = examples.flatMap(([line, effect]) => [`  ${line}`, `      ${effect}`]);
  return ['Examples:', ...lines].join('\n');
}

function allOptions(): OptionRow[] {
  const groups = COMMANDS.flatMap((spec) => spec.groups);
  return [...slimOptions([]).rows, ...groups.flatMap(({ rows }) => rows)];
}
