import type { OptionGroup } from './option-rows.ts';

/** The image is built first, or is that of a service that runs beside others. */
export const ORIGIN_OPTIONS: OptionGroup = {
  heading: 'From a Dockerfile or a compose file (by a daemon):',
  rows: [
    {
      name: 'dockerfile',
      kind: 'value',
      value: 'file',
      text: 'build the image first; [source] is its folder',
    },
    {
      name: 'dockerfile-context',
      kind: 'value',
      value: 'dir',
      text: 'the folder, when not given as argument',
      rare: true,
    },
    { name: 'tag-fat', kind: 'value', value: 'name', text: 'name of the image that is built (NAME.fat)', rare: true },
    { name: 'cbo-build-arg', kind: 'list', value: 'name=value', text: 'for ARG; a lone NAME from here', rare: true },
    { name: 'cbo-label', kind: 'list', value: 'name=value', text: 'of the image that is built', rare: true },
    { name: 'cbo-target', kind: 'value', value: 'stage', text: 'of the Dockerfile', rare: true },
    { name: 'cbo-add-host', kind: 'list', value: 'name:ip', text: 'known while building', rare: true },
    { name: 'cbo-cache-from', kind: 'list', value: 'image', text: 'whose steps may be used again', rare: true },
    { name: 'cbo-network', kind: 'value', value: 'name', text: 'network of RUN', rare: true },
    { name: 'delete-generated-fat-image', kind: 'on', text: 'forget the image that was built', rare: true },
    { name: 'compose-file', kind: 'list', value: 'file', text: 'run a service of it beside those it depends on' },
    { name: 'target-compose-svc', kind: 'value', value: 'name', text: 'the service whose image is made slim' },
    { name: 'service', kind: 'value', value: 'name', text: 'the same as --target-compose-svc', rare: true },
    {
      name: 'target-compose-svc-image',
      kind: 'value',
      value: 'image',
      text: 'another image, or another tag, for the service',
      rare: true,
    },
    {
      name: 'dep-include-compose-svc',
      kind: 'list',
      value: 'name',
      text: 'start this service and what it depends on, instead of what the service depends on',
      rare: true,
    },
    {
      name: 'dep-include-compose-svc-deps',
      kind: 'list',
      value: 'name',
      text: 'start what this service depends on',
      rare: true,
    },
    {
      name: 'dep-include-target-compose-svc-deps',
      kind: 'on',
      text: 'besides those, start what the service depends on',
      rare: true,
    },
    { name: 'dep-exclude-compose-svc', kind: 'list', value: 'name', text: 'do not start this service', rare: true },
    { name: 'dep-exclude-compose-svc-all', kind: 'on', text: 'start no other service', rare: true },
    { name: 'compose-env-file', kind: 'value', value: 'file', text: 'values of the variables in the file', rare: true },
    { name: 'compose-env-nohost', kind: 'on', text: 'use no variables of this process', rare: true },
    { name: 'compose-project-name', kind: 'value', value: 'name', text: "instead of the folder's name", rare: true },
    { name: 'compose-workdir', kind: 'value', value: 'dir', text: 'where relative paths start', rare: true },
  ],
};

/** Values of these options as commander hands them over; absent when not given. */
export interface FatBuildOptions {
  readonly dockerfile?: string;
  readonly dockerfileContext?: string;
  readonly tagFat?: string;
  readonly cboBuildArg?: readonly string[];
  readonly cboLabel?: readonly string[];
  readonly cboTarget?: string;
  readonly cboAddHost?: readonly string[];
  readonly cboCacheFrom?: readonly string[];
  readonly cboNetwork?: string;
  readonly deleteGeneratedFatImage?: boolean;
}

/** Values of these options as commander hands them over; absent when not given. */
export interface ComposeOptions {
  readonly composeFile?: readonly string[];
  readonly targetComposeSvc?: string;
  readonly service?: string;
  readonly targetComposeSvcImage?: string;
  readonly depIncludeComposeSvc?: readonly string[];
  readonly depIncludeComposeSvcDeps?: readonly string[];
  readonly depIncludeTargetComposeSvcDeps?: boolean;
  readonly depExcludeComposeSvc?: readonly string[];
  readonly depExcludeComposeSvcAll?: boolean;
  readonly composeEnvFile?: string;
  readonly composeEnvNohost?: boolean;
  readonly composeProjectName?: string;
  readonly composeWorkdir?: string;
}
