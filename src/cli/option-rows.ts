import { type Command, Option } from 'commander';

/** One option of the command line, as data. */
export interface OptionRow {
  /** Long name without dashes. */
  readonly name: string;
  readonly short?: string;
  /**
   * `on`/`off`: boolean, shown in the help as `--name` or `--no-name`; both and `--name=true|false` are understood.
   * `value`: takes one value, the last one counts. `list`: may be given several times.
   */
  readonly kind: 'on' | 'off' | 'value' | 'list';
  /** What stands for the value in the help. */
  readonly value?: string;
  readonly text: string;
  /** Only in `--help-all`. */
  readonly rare?: boolean;
  readonly choices?: readonly string[];
}

/** Options under one heading of the help. */
export interface OptionGroup {
  readonly heading: string;
  readonly rows: readonly OptionRow[];
}

/** Adds options to a command. Without `showAll` the rare ones work but are not in the help. */
export function addOptions(command: Command, groups: readonly OptionGroup[], showAll: boolean): void {
  for (const { heading, rows } of groups) {
    for (const row of rows) {
      for (const option of optionsOf(row)) {
        if (row.rare && !showAll) option.hideHelp();
        command.addOption(option.helpGroup(heading));
      }
    }
  }
}

/** The name under which commander stores an option's value. */
export function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function optionsOf(row: OptionRow): Option[] {
  const short = row.short ? `-${row.short}, ` : '';
  if (row.kind === 'on' || row.kind === 'off') {
    const on = new Option(`${short}--${row.name}`, row.text).hideHelp(row.kind === 'off');
    const off = new Option(`--no-${row.name}`, row.text).hideHelp(row.kind === 'on');
    // Positive first: commander gives a lone `--no-x` the default true, and absent must stay absent.
    return [on, off];
  }
  const option = new Option(`${short}--${row.name} <${row.value ?? 'value'}>`, row.text);
  if (row.choices) option.choices(row.choices);
  if (row.kind === 'list') option.argParser((value: string, earlier: string[] = []) => [...earlier, value]);
  return [option];
}
