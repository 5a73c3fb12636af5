import type { OptionGroup } from './option-rows.ts';

const HEADING = 'Check the result:';

/** What a slim image must be like, however it was made. */
export const CHECK_OPTIONS: OptionGroup = {
  heading: HEADING,
  rows: [
    {
      name: 'fail-if',
      kind: 'list',
      value: 'budget',
      text: 'refuse size>50MB, reduction<2, misses>0 or new-paths>0 (repeatable)',
    },
    {
      name: 'mask',
      kind: 'list',
      value: 'what',
      text: "may differ: '/build \\d+/', $.user.id, 'header x-build' (repeatable)",
      rare: true,
    },
    { name: 'junit', kind: 'value', value: 'file', text: 'the probes as JUnit XML' },
    {
      name: 'baseline',
      kind: 'value',
      value: 'file',
      text: 'report or path list that new-paths counts from',
      rare: true,
    },
    { name: 'fail-on-log-errors', kind: 'on', text: 'new error lines in its log are a difference', rare: true },
  ],
};

/** What only a build can be told about checking. */
export const BUILD_CHECK_OPTIONS: OptionGroup = {
  heading: HEADING,
  rows: [
    { name: 'keep-failed', kind: 'on', text: 'write what is refused too, with -failed in its names', rare: true },
    { name: 'disable-rule', kind: 'list', value: 'name', text: 'keep nothing by this rule until missed', rare: true },
  ],
};

/** Values of the options above as commander hands them over. */
export interface CheckOptions {
  readonly failIf?: readonly string[];
  readonly baseline?: string;
  readonly junit?: string;
  readonly failOnLogErrors?: boolean;
  readonly keepFailed?: boolean;
  readonly disableRule?: readonly string[];
}
