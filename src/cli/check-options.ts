import type { OptionGroup } from './option-rows.ts';

const HEADING = 'Check the result:';

/** What a slim image must be like, however it was made. */
export const CHECK_OPTIONS: OptionGroup = {
  heading: HEADING,
  rows: [{ name: 'fail-on-log-errors', kind: 'on', text: 'new error lines in its log are a difference', rare: true }],
};

/** What only a build can be told about checking. */
export const BUILD_CHECK_OPTIONS: OptionGroup = {
  heading: HEADING,
  rows: [
    { name: 'disable-rule', kind: 'list', value: 'name', text: 'keep nothing by this rule until missed', rare: true },
  ],
};

/** Values of the options above as commander hands them over. */
export interface CheckOptions {
  readonly failOnLogErrors?: boolean;
  readonly disableRule?: readonly string[];
}
