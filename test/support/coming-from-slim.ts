import { build } from '../../src/cli/commands/build.ts';
import type { OptionRow } from '../../src/cli/option-rows.ts';
import { SLIM_THEMES, type SlimFlag } from '../../src/cli/slim-flag-table.ts';

const INTRODUCTION = `# Coming from SlimToolkit

<!-- Made from src/cli/slim-flag-table.ts and the options of \`build\` by \`npm run docs\`; change those. -->

A command line of SlimToolkit (\`slim\`, \`docker-slim\`, \`mint\`) works here when its program name is replaced:

    docker-slim build --http-probe=false --include-shell --exec-file=probes.sh --target=IMAGE
    trace-slim  build --http-probe=false --include-shell --exec-file=probes.sh --target=IMAGE

\`build\`, \`slim\` and \`b\` are the same command; options may stand before it, with one dash or two, and switches take
\`=true\` and \`=false\`. What differs:

- Nothing has to be included for the result to work: every file access is traced, links are followed, and the slim image is
  run with the same probes before it is written. What is included by hand is kept in addition, needed or not, and the
  report says what that costs: most include lists can go. \`trace-slim paths IMAGE\` writes one where it is wanted.
- Files come from the image as it was pulled. What the application writes, changes or deletes while it runs makes no difference.
- An option that takes several values is given several times; a comma is part of a value (ports excepted).
- A probe that fails on the original image is an error; say \`--allow-failing-probes\` when failing is right.
- Environment variables of SlimToolkit (\`DSLIM_…\`) are not read. Put such settings into a file for \`--command-params-file\`.
- SlimToolkit drops files for metadata, seccomp and AppArmor profiles next to its report; here there is one report.

In the tables, **yes** is an option of trace-slim with the same meaning, **not needed** is accepted with a notice and changes
nothing, and **no** ends with an error that says what to use instead.
`;

/** The text of docs/coming-from-slim.md. */
export function comingFromSlim(): string {
  const own = new Map(
    build.groups.flatMap(({ rows }) => rows).flatMap((row) => namesOf(row).map((name) => [name, row])),
  );
  const sections = SLIM_THEMES.map(({ heading, flags }) => {
    const rows = flags.map((flag) => `| \`--${flag.name}\` | ${verdictOf(flag, own.get(flag.name))} |`);
    return [`## ${heading}`, '', '| SlimToolkit | here |', '| --- | --- |', ...rows, ''].join('\n');
  });
  return [INTRODUCTION, ...sections].join('\n');
}

function namesOf({ name, kind }: OptionRow): string[] {
  return kind === 'off' ? [name, `no-${name}`] : [name];
}

function verdictOf({ name, effect, because }: SlimFlag, row: OptionRow | undefined): string {
  if (effect !== 'honoured') return `**${effect === 'ignored' ? 'not needed' : 'no'}** ${cell(because)}`;
  const isSwitchedOff = row?.kind === 'off' && row.name === name;
  return `**yes** ${isSwitchedOff ? `with \`=false\`: ` : ''}${cell(row?.text ?? '')}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
