import { effectiveCommand } from '../image/config.ts';
import type { RuntimeConfig } from '../image/types.ts';
import { bytesOf, displayPath } from '../rootfs/path.ts';
import type { Findings, PortFinding } from './findings.ts';

const MAX_COMMENT_LENGTH = 160;

/** Lines of one entry of the list of probes, and what is said about it. */
interface Entry {
  readonly about: readonly string[];
  readonly lines: readonly string[];
}

/** A commented probe file (YAML) made of what was found; it can be used as it is. */
export function starterFile(findings: Findings): string {
  const { ports, config } = findings;
  const main = ports.find(({ speaks }) => /^https?$/.test(speaks)) ?? ports[0];
  const entries = [
    ...healthEntries(config),
    ...ports.flatMap((finding) => portEntries(finding, config)),
    ...commandEntries(findings),
    ...(ports.length > 0 ? [stopEntry()] : []),
  ];
  const isEmpty = entries.every(({ lines }) => lines.every((line) => line.startsWith('#')));
  return [
    ...heading(findings).map(comment),
    '',
    'version: 1',
    ...(main ? ['', '# Where a probe names no port.', 'defaults:', `  port: ${main.port}`] : []),
    '',
    isEmpty ? 'probes: []' : 'probes:',
    ...entries.flatMap(({ about, lines }) => [...about.map(comment), ...lines].map((line) => `  ${line}`)),
    '',
  ].join('\n');
}

const SOCKET = 'If it listens on a unix socket instead: defaults: { socket: /path/in/container }.';
const LABELS = ['title', 'description', 'documentation'].map((name) => `org.opencontainers.image.${name}`);

function heading({ source, config, closedPorts, otherPorts, trouble }: Findings): string[] {
  const labels = LABELS.map((name) => config.Labels?.[name]).filter((value) => value);
  return [
    'A probe file to start from, made by `trace-slim init`. Use it with',
    `  trace-slim build ${source} --probe THIS_FILE`,
    'What else can be done, and how: probes/README.md.',
    '',
    ...labels.map((value) => `${value}`),
    `It runs: ${effectiveCommand(config).join(' ') || 'nothing by itself'}`,
    ...(config.User ? [`as user ${config.User}`] : []),
    ...(closedPorts.length > 0 ? [`Exposed but not open: ${closedPorts.join(', ')}. ${SOCKET}`] : []),
    ...(otherPorts.length > 0 ? [`Exposed but not TCP, so not probed: ${otherPorts.join(', ')}.`] : []),
    ...(trouble ? [`It could not be looked at while it runs: ${trouble}.`] : []),
  ];
}

function healthEntries({ Healthcheck: check }: RuntimeConfig): Entry[] {
  const [kind, ...words] = check?.Test ?? [];
  if (words.length === 0 || kind === 'NONE') return [];
  return [{ about: [`The image's HEALTHCHECK: ${words.join(' ')}`], lines: ['- healthcheck: true'] }];
}

function portEntries(finding: PortFinding, config: RuntimeConfig): Entry[] {
  const { port, speaks } = finding;
  if (speaks === 'redis') return [redisEntry(port)];
  if (speaks === 'fastcgi') return [fastCgiEntry(port, config)];
  if (speaks === 'other') return [{ about: [`Port ${port} is open.`], lines: tcpLines(port) }];
  return [httpEntry(finding), ...healthEntry(finding), ...apiEntries(finding)];
}

function httpEntry({ port, speaks, answer, status = 0 }: PortFinding): Entry {
  const about = [`GET / on port ${port} was answered with ${answer} (${speaks}).`];
  const isMultiplexed = speaks === 'h2' || speaks === 'h2c';
  const place = `port: ${port}, ${speaks === 'http' ? '' : `protocol: ${speaks}, `}path: /`;
  if (status >= 500) return { about: [...about, 'Ask for something that works.'], lines: [`# - http: { ${place} }`] };
  if (isMultiplexed || status >= 400) return { about, lines: [`- http: { ${place} }`, expectStatus(status)] };
  return { about: [...about, 'All pages it links to are asked for too.'], lines: [`- crawl: { ${place} }`] };
}

function expectStatus(status: number): string {
  return `  expect: { status: ${status} }`;
}

function healthEntry({ port, speaks, hasHealth }: PortFinding): Entry[] {
  if (!hasHealth) return [];
  const place = `port: ${port}${speaks === 'h2' ? ', tls: true' : ''}`;
  return [{ about: ['It answers gRPC health checks.'], lines: [`- grpc-health: { ${place} }`] }];
}

function apiEntries({ port, api }: PortFinding): Entry[] {
  if (!api) return [];
  const about = [
    `It serves an OpenAPI document; ${api.operations} of its operations are GET or HEAD. To send the others too, add`,
    'methods: all; for those that want to know who asks, add credentials: { "*": TOKEN }.',
  ];
  return [{ about, lines: [`- openapi: { port: ${port}, path: ${api.path} }`] }];
}

function redisEntry(port: number): Entry {
  return {
    about: [`Port ${port} speaks the protocol of Redis. Ask for what you use, as probes/redis.yaml does.`],
    lines: [`- redis: { port: ${port}, commands: [PING] }`],
  };
}

function fastCgiEntry(port: number, { WorkingDir: folder = '' }: RuntimeConfig): Entry {
  const root = folder.startsWith('/') ? folder : '/var/www/html';
  return {
    about: [
      `Port ${port} speaks FastCGI, as PHP does. Name the folder of the scripts, and those that matter; probes/php-fpm.yaml`,
      'has more that applications do.',
    ],
    lines: [`- fastcgi: { port: ${port}, root: ${quote(root)}, path: /index.php }`],
  };
}

function tcpLines(port: number): string[] {
  return [
    `- tcp: ${port}`,
    ...['# - tcp:', `#     port: ${port}`, '#     steps:', '#       - send: "hello\\r\\n"', '#         expect: hello'],
  ];
}

function commandEntries({ commands, ports, config }: Findings): Entry[] {
  const working = commands.filter(({ succeeds }) => succeeds);
  const [program = 'program'] = effectiveCommand(config);
  const example = `# - exec: ${quote(`${program} --version`)}`;
  if (ports.length > 0) return [{ about: ['Commands that should work in the slim image:'], lines: [example] }];
  if (working.length === 0)
    return [{ about: ['What is the image for? Name commands, for example:'], lines: [example] }];
  return [
    {
      about: ['Add commands that do what the image is for: only what they use is kept.'],
      lines: working.map(({ words }) => `- exec: [${words.map(quote).join(', ')}]`),
    },
  ];
}

function stopEntry(): Entry {
  return {
    about: ['To see that it ends when it is told to:'],
    lines: ['# - signal: { send: stop, within: 10s }', '#   expect: { exit: 0 }'],
  };
}

/** Text as YAML (and JSON) has it, whatever is in it. */
function quote(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\u{10ffff}]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** One line that nothing in an image can break out of. */
function comment(text: string): string {
  if (text === '') return '#';
  return `# ${displayPath(bytesOf(text)).slice(0, MAX_COMMENT_LENGTH)}`;
}
