import type { BuildSettings } from '../settings.ts';
import type { CheckOptions } from './check-options.ts';
import type { ComposeOptions, FatBuildOptions } from './compose-options.ts';
import type { ContainerOptions } from './container-options.ts';
import type { EditOptions } from './edit-options.ts';
import type { KeepOptions } from './keep-options.ts';
import type { OptionGroup } from './option-rows.ts';

/** Options that every command has. */
export const COMMON_OPTIONS: OptionGroup = {
  heading: 'Output of this program:',
  rows: [
    { name: 'json', kind: 'on', text: 'one JSON document on stdout' },
    { name: 'quiet', short: 'q', kind: 'on', text: 'nothing but the result' },
    { name: 'verbose', short: 'v', kind: 'on', text: 'details while working, stack traces of bugs' },
    {
      name: 'progress',
      kind: 'value',
      value: 'how',
      choices: ['auto', 'plain', 'tty', 'quiet'],
      text: 'on stderr: auto, plain, tty or quiet',
    },
    { name: 'color', kind: 'off', text: 'no colours (as NO_COLOR)', rare: true },
  ],
};

/** Which engine runs the image. */
export const ENGINE_OPTIONS: OptionGroup = {
  heading: 'Engine:',
  rows: [
    {
      name: 'engine',
      kind: 'value',
      value: 'name',
      choices: ['auto', 'docker', 'podman', 'local'],
      text: 'auto, docker, podman or local (built in)',
    },
    {
      name: 'host',
      short: 'H',
      kind: 'value',
      value: 'address',
      text: 'of the daemon: unix://, tcp://, ssh://',
      rare: true,
    },
    { name: 'context', kind: 'value', value: 'name', text: 'Docker context', rare: true },
    { name: 'pull', kind: 'value', value: 'when', text: 'missing, always or never (missing)', rare: true },
    { name: 'platform', kind: 'value', value: 'os/arch', text: 'which image of several: linux/amd64', rare: true },
    {
      name: 'tool-image',
      kind: 'value',
      value: 'name',
      text: 'with the tracing programs, for other architectures',
      rare: true,
    },
    { name: 'tls-verify', kind: 'off', text: 'accept any certificate of the daemon', rare: true },
    { name: 'tls-cert-path', kind: 'value', value: 'dir', text: 'with ca.pem, cert.pem and key.pem', rare: true },
  ],
};

/** How the image is run, for every command that runs one. */
export const RUN_OPTIONS: OptionGroup = {
  heading: 'Run the image:',
  rows: [
    { name: 'cmd', kind: 'value', value: 'words', text: "instead of the image's CMD: shell words or a JSON array" },
    { name: 'entrypoint', kind: 'value', value: 'words', text: "instead of the image's ENTRYPOINT (drops its CMD)" },
    { name: 'env', kind: 'list', value: 'name=value', text: 'more environment' },
    { name: 'env-file', kind: 'list', value: 'file', text: 'more environment, one name=value a line', rare: true },
    { name: 'user', kind: 'value', value: 'user', text: "instead of the image's USER", rare: true },
    { name: 'workdir', kind: 'value', value: 'dir', text: "instead of the image's WORKDIR", rare: true },
    { name: 'expose', kind: 'list', value: 'port[/tcp]', text: "more ports than the image's EXPOSE", rare: true },
    { name: 'health-cmd', kind: 'value', value: 'command', text: "instead of the image's HEALTHCHECK", rare: true },
  ],
};

/** What exercises the image, and how long. */
export const PROBE_OPTIONS: OptionGroup = {
  heading: 'Exercise it:',
  rows: [
    { name: 'probe', kind: 'list', value: 'file', text: 'probes as YAML instead of GET / (repeatable)' },
    { name: 'exec', kind: 'list', value: 'command', text: 'run this in the container (repeatable)' },
    { name: 'exec-file', kind: 'list', value: 'file', text: 'run this script in the container (repeatable)' },
    { name: 'host-exec', kind: 'list', value: 'command', text: 'run this on this host: $TRACE_SLIM_URL', rare: true },
    { name: 'host-exec-file', kind: 'list', value: 'file', text: 'run this script on this host', rare: true },
    { name: 'http-probe', kind: 'off', text: 'no GET / on every exposed port' },
    { name: 'http-probe-off', kind: 'on', text: 'the same as --no-http-probe', rare: true },
    {
      name: 'http-probe-cmd',
      kind: 'list',
      value: 'request',
      text: 'request [crawl:][http:][METHOD:]PATH instead of GET /',
    },
    {
      name: 'http-probe-cmd-file',
      kind: 'list',
      value: 'file',
      text: 'requests as JSON {"commands":[{"method",…}]}',
      rare: true,
    },
    {
      name: 'http-probe-apispec',
      kind: 'list',
      value: 'path[:prefix]',
      text: 'GET what the OpenAPI document served there describes',
      rare: true,
    },
    {
      name: 'http-probe-apispec-file',
      kind: 'list',
      value: 'file[:prefix]',
      text: 'the same by a document of this host',
      rare: true,
    },
    { name: 'http-probe-ports', kind: 'list', value: 'ports', text: 'instead of all exposed ports: 80,8080' },
    { name: 'http-probe-crawl', kind: 'off', text: 'do not follow links in HTML pages', rare: true },
    { name: 'http-crawl-max-depth', kind: 'value', value: 'n', text: 'links followed in a row (3)', rare: true },
    { name: 'http-crawl-max-page-count', kind: 'value', value: 'n', text: 'pages visited (1000)', rare: true },
    {
      name: 'http-crawl-max-time',
      kind: 'value',
      value: 'time',
      text: 'how long pages are looked for (60s)',
      rare: true,
    },
    { name: 'http-probe-client-timeout', kind: 'value', value: 'time', text: 'limit of one request (30s)', rare: true },
    {
      name: 'http-probe-start-wait',
      kind: 'value',
      value: 'time',
      text: 'from being ready to the first probe',
      rare: true,
    },
    { name: 'healthcheck', kind: 'off', text: "do not run the image's HEALTHCHECK as a probe", rare: true },
    {
      name: 'continue-after',
      kind: 'value',
      value: 'what',
      text: 'when to stop watching: probe, exec, app-exit, timeout, seconds, signal, enter; joined by & (all probes)',
    },
    { name: 'repeat', kind: 'value', value: 'n', text: 'more traced runs of the image, put together (0)', rare: true },
    { name: 'allow-failing-probes', kind: 'on', text: 'failing is right: both images must fail alike' },
    { name: 'ready-timeout', kind: 'value', value: 'time', text: 'how long the application may take to start (60s)' },
    { name: 'ready-cmd', kind: 'value', value: 'command', text: 'ready when this command succeeds', rare: true },
    { name: 'ready-healthcheck', kind: 'on', text: 'ready when the HEALTHCHECK succeeds', rare: true },
    { name: 'ready-port', kind: 'list', value: 'ports', text: 'ready when these are open too', rare: true },
  ],
};

/** Which image, and what becomes of it. */
export const RESULT_OPTIONS: OptionGroup = {
  heading: 'Input and output:',
  rows: [
    { name: 'target', kind: 'value', value: 'source', text: 'the image, when not given as argument', rare: true },
    {
      name: 'command-params-file',
      kind: 'list',
      value: 'file',
      text: 'more options, as JSON {"name": value}',
      rare: true,
    },
    {
      name: 'output',
      short: 'o',
      kind: 'list',
      value: 'destination',
      text: 'docker-archive:FILE, oci:DIR, oci-archive:FILE, docker-daemon:NAME',
    },
    {
      name: 'layers',
      kind: 'value',
      value: 'how',
      choices: ['single', 'preserve'],
      text: "single: one layer; preserve: one for each of the image's, shared by slim images of one base (single)",
    },
    { name: 'tag', short: 't', kind: 'list', value: 'name', text: 'name of the slim image (NAME.slim; repeatable)' },
    { name: 'report', kind: 'value', value: 'file', text: 'also write the report here' },
  ],
};

/** How sure one wants to be. */
export const VERIFY_OPTIONS: OptionGroup = {
  heading: 'Check the result:',
  rows: [
    { name: 'verify', kind: 'off', text: 'do not run the slim image' },
    { name: 'max-rounds', kind: 'value', value: 'n', text: 'rebuilds with what turned out missing (5)', rare: true },
  ],
};

/** How much a trace may be trusted. */
export const TRACE_OPTIONS: OptionGroup = {
  heading: 'Trace:',
  rows: [
    { name: 'allow-incomplete-trace', kind: 'on', text: 'go on when parts of the trace were lost', rare: true },
    {
      name: 'tracer',
      kind: 'value',
      value: 'how',
      choices: ['auto', 'wrap', 'attach'],
      text: 'auto, wrap (starts the application) or attach (keeps setuid programs working)',
      rare: true,
    },
    { name: 'stop-timeout', kind: 'value', value: 'time', text: 'from its stop signal to its end (10s)', rare: true },
  ],
};

/** What every command is told about its own output. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly progress?: string;
  readonly color?: boolean;
}

/** What every command that runs an image is told about the engine. */
export interface EngineOptions {
  readonly engine?: string;
  readonly host?: string;
  readonly context?: string;
  readonly pull?: string;
  readonly platform?: string;
  readonly toolImage?: string;
  readonly tlsVerify?: boolean;
  readonly tlsCertPath?: string;
}

/** Values of the options above as commander hands them over; lists in the order given, absent when not given. */
export interface BuildOptions
  extends RunOptions,
    ProbeOptions,
    KeepOptions,
    EditOptions,
    CheckOptions,
    FatBuildOptions,
    ComposeOptions {
  readonly target?: string;
  readonly output?: readonly string[];
  readonly layers?: BuildSettings['layers'];
  readonly tag?: readonly string[];
  readonly report?: string;
  readonly verify?: boolean;
  readonly maxRounds?: string;
}

export interface RunOptions extends EngineOptions, ContainerOptions {
  readonly cmd?: string;
  readonly entrypoint?: string;
  readonly env?: readonly string[];
  readonly envFile?: readonly string[];
  readonly user?: string;
  readonly workdir?: string;
  readonly expose?: readonly string[];
  readonly healthCmd?: string;
  readonly allowIncompleteTrace?: boolean;
  readonly tracer?: string;
  readonly stopTimeout?: string;
}

export interface ProbeOptions {
  readonly probe?: readonly string[];
  readonly exec?: readonly string[];
  readonly execFile?: readonly string[];
  readonly hostExec?: readonly string[];
  readonly hostExecFile?: readonly string[];
  readonly httpProbe?: boolean;
  readonly httpProbeOff?: boolean;
  readonly httpProbeCmd?: readonly string[];
  readonly httpProbeCmdFile?: readonly string[];
  readonly httpProbeApispec?: readonly string[];
  readonly httpProbeApispecFile?: readonly string[];
  readonly httpProbePorts?: readonly string[];
  readonly httpProbeCrawl?: boolean;
  readonly httpCrawlMaxDepth?: string;
  readonly httpCrawlMaxPageCount?: string;
  readonly httpCrawlMaxTime?: string;
  readonly httpProbeClientTimeout?: string;
  readonly httpProbeStartWait?: string;
  readonly healthcheck?: boolean;
  readonly mask?: readonly string[];
  readonly continueAfter?: string;
  readonly allowFailingProbes?: boolean;
  readonly repeat?: string;
  readonly readyTimeout?: string;
  readonly readyCmd?: string;
  readonly readyHealthcheck?: boolean;
  readonly readyPort?: readonly string[];
}
