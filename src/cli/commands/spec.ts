import type { Console } from '../console.ts';
import type { OptionGroup } from '../option-rows.ts';
import type { Session } from '../session.ts';

/** One command of the program: what its help says, and what it does. */
export interface CommandSpec<Options> {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** For the list of commands. */
  readonly summary: string;
  readonly description: string;
  /** Command line and what it does. */
  readonly examples: readonly (readonly [line: string, effect: string])[];
  /** As commander writes them: `<required>`, `[optional]`, `<several...>`; with what they are. */
  readonly arguments: readonly (readonly [syntax: string, text: string])[];
  readonly groups: readonly OptionGroup[];
  /** Whether options of SlimToolkit without a counterpart are known here. */
  readonly acceptsSlimFlags?: boolean;
  /** Settings, one call, rendering. Gives the exit status. */
  run(operands: readonly (string | undefined)[], console: Console<Options>, session: Session): Promise<number>;
}
