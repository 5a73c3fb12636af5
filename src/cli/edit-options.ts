import type { OptionGroup } from './option-rows.ts';

/** What is changed in the slim image's configuration. */
export const EDIT_OPTIONS: OptionGroup = {
  heading: 'Change the configuration of the result:',
  rows: [
    {
      name: 'image-overrides',
      kind: 'list',
      value: 'what',
      text: 'write what the image was run with into it: all, or of entrypoint,cmd,workdir,env,expose,volume,label,user',
      rare: true,
    },
    { name: 'new-entrypoint', kind: 'value', value: 'words', text: 'ENTRYPOINT (CMD stays)', rare: true },
    { name: 'new-cmd', kind: 'value', value: 'words', text: 'CMD', rare: true },
    { name: 'new-workdir', kind: 'value', value: 'dir', text: 'WORKDIR', rare: true },
    { name: 'new-env', kind: 'list', value: 'name=value', text: 'one more ENV', rare: true },
    { name: 'new-expose', kind: 'list', value: 'port[/udp]', text: 'one more EXPOSE', rare: true },
    { name: 'new-volume', kind: 'list', value: 'path', text: 'one more VOLUME', rare: true },
    { name: 'new-label', kind: 'list', value: 'name=value', text: 'one more LABEL', rare: true },
    { name: 'remove-env', kind: 'list', value: 'name', text: 'without this ENV', rare: true },
    { name: 'remove-expose', kind: 'list', value: 'port[/udp]', text: 'without this EXPOSE', rare: true },
    { name: 'remove-volume', kind: 'list', value: 'path', text: 'without this VOLUME', rare: true },
    { name: 'remove-label', kind: 'list', value: 'name', text: 'without this LABEL', rare: true },
  ],
};

/** Values of these options as commander hands them over; absent when not given. */
export interface EditOptions {
  readonly imageOverrides?: readonly string[];
  readonly newEntrypoint?: string;
  readonly newCmd?: string;
  readonly newWorkdir?: string;
  readonly newEnv?: readonly string[];
  readonly newExpose?: readonly string[];
  readonly newVolume?: readonly string[];
  readonly newLabel?: readonly string[];
  readonly removeEnv?: readonly string[];
  readonly removeExpose?: readonly string[];
  readonly removeVolume?: readonly string[];
  readonly removeLabel?: readonly string[];
}
