import { z } from 'zod';
import type { ToolkitPaths } from '../../engine/types.ts';
import { type Program, runTraced } from '../exec.ts';
import { shellProgram } from '../shell.ts';
import { user, workdir } from './fields.ts';
import type { KindContext, ProbeKind } from './kind.ts';

const EXEC_TIMEOUT_MS = 600_000;

const command = z
  .union([z.string().min(1), z.array(z.string()).min(1)])
  .meta({ description: 'A shell command line, or a program and its arguments.' });

const full = z.strictObject({
  command,
  stdin: z.string().optional().meta({ description: 'What the program reads from its standard input.' }),
  env: z.record(z.string(), z.string()).optional().meta({ description: 'More environment.' }),
  user: user.optional(),
  workdir: workdir.optional(),
});

type ExecSpec = z.infer<typeof full>;

const schema: z.ZodType<ExecSpec> = z
  .union([command.transform((given) => ({ command: given })), full])
  .meta({ description: "Runs a program in the container, as the container's user unless another one is given." });

/** A program run in the container; ok when it exits 0, unless `expect` says otherwise. */
export const execKind: ProbeKind<ExecSpec> = {
  name: 'exec',
  schema,
  expects: ['exit', 'stdout', 'stderr'],
  decides: 'exit',
  make: (given, context) => ({
    title: titleOf(given),
    listeners: [],
    ...(given.user !== undefined && { user: given.user }),
    timeoutMs: EXEC_TIMEOUT_MS,
    async run(container, { id, spec, timeoutMs, signal }) {
      const { stdin, env, user, workdir } = spec;
      const program: Program = {
        command: (toolkit: ToolkitPaths) => commandOf(spec, context, toolkit),
        ...(stdin === undefined ? {} : { stdin: Buffer.from(stdin) }),
        ...(env ? { env: Object.entries(env).map(([name, value]) => `${name}=${value}`) } : {}),
        ...(user !== undefined && { user }),
        ...(workdir !== undefined && { workingDirectory: workdir }),
      };
      const accepts = (exitStatus: number) => exitStatus === 0;
      return [await runTraced(container, { id, program, trace: context.trace, timeoutMs, signal, accepts })];
    },
  }),
};

/** The same command as another user, or elsewhere, is another probe: `as www-data in /srv: ls`. */
function titleOf({ command, user, workdir }: ExecSpec): string {
  const line = typeof command === 'string' ? command : command.join(' ');
  const place = [...(user === undefined ? [] : ['as', user]), ...(workdir === undefined ? [] : ['in', workdir])];
  return place.length === 0 ? line : `${place.join(' ')}: ${line}`;
}

function commandOf({ command }: ExecSpec, { programs }: KindContext, toolkit: ToolkitPaths): readonly string[] {
  return typeof command === 'string' ? shellProgram(command, programs).command(toolkit) : command;
}
