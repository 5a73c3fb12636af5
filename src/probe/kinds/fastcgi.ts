import { z } from 'zod';
import { headerFacts } from '../header-facts.ts';
import { resourceName } from '../listener.ts';
import type { Fact } from '../types.ts';
import { type CgiResponse, parseCgiResponse, requestFastCgi } from '../wire/fastcgi.ts';
import { headers, listener, oneListener } from './fields.ts';
import type { ProbeKind } from './kind.ts';
import { contentFact, talkOutcome } from './talk.ts';

const FASTCGI_PORT = 9000;

const schema = z
  .strictObject({
    ...listener,
    path: z
      .string()
      .startsWith('/', { error: 'must start with /' })
      .default('/index.php')
      .meta({ description: 'Path and query, as a web server would get them.' }),
    root: z.string().startsWith('/').meta({ description: 'Folder of the scripts in the container.' }),
    split_path: z
      .array(z.string().min(1))
      .default(['.php'])
      .meta({ description: 'Ends of script names; what follows in the path is PATH_INFO.' }),
    method: z
      .string()
      .regex(/^[A-Za-z]{1,20}$/)
      .default('GET'),
    headers: headers.default({}),
    body: z.string().default(''),
    env: z.record(z.string(), z.string()).default({}).meta({ description: 'More CGI variables.' }),
  })
  .superRefine(oneListener)
  .meta({ description: 'One request to a FastCGI responder such as php-fpm, without a web server.' });

type FastCgiSpec = z.infer<typeof schema>;

/** One FastCGI request; ok when a status below 500 came back, unless `expect` names the status. */
export const fastcgiKind: ProbeKind<FastCgiSpec> = {
  name: 'fastcgi',
  schema,
  expects: ['status', 'headers', 'body', 'json', 'stderr'],
  decides: 'status',
  make: (given, context) => {
    const at = context.listenerOf(given, FASTCGI_PORT);
    return {
      title: `${given.method.toUpperCase()} ${resourceName(at, given.path)}`,
      listeners: [at],
      async run(container, { id, spec, timeoutMs, signal }) {
        const startedAt = performance.now();
        const line = { endpoint: await container.endpoint(at), tls: false };
        const request = { params: paramsOf(spec), stdin: Buffer.from(spec.body) };
        const { stdout, stderr, failure } = await requestFastCgi(line, request, { timeoutMs, signal });
        const response = parseCgiResponse(stdout);
        const facts = [...(response ? factsOf(response) : []), contentFact('stderr', stderr)];
        const problem = failure ?? (response ? undefined : 'the answer has no CGI headers');
        const summary = `${response?.status} ${response?.body.length} B`;
        const outcome = talkOutcome(id, { facts, summary, failure: problem }, startedAt);
        return [{ ...outcome, ok: outcome.ok && (response?.status ?? 0) < 500 }];
      },
    };
  },
};

/** What a web server tells a FastCGI responder. Source: RFC 3875, section 4.1 */
function paramsOf({ path, root, split_path: splits, method, headers, body, env }: FastCgiSpec): Record<string, string> {
  const question = path.indexOf('?');
  const [urlPath, query] = question < 0 ? [path, ''] : [path.slice(0, question), path.slice(question + 1)];
  const ends = splits.filter((split) => urlPath.includes(split)).map((split) => urlPath.indexOf(split) + split.length);
  const end = ends.length > 0 ? Math.min(...ends) : urlPath.length;
  const script = urlPath.slice(0, end);
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return {
    GATEWAY_INTERFACE: 'CGI/1.1',
    SERVER_PROTOCOL: 'HTTP/1.1',
    SERVER_SOFTWARE: 'trace-slim',
    SERVER_NAME: 'localhost',
    SERVER_PORT: '80',
    SERVER_ADDR: '127.0.0.1',
    REMOTE_ADDR: '127.0.0.1',
    HTTP_HOST: 'localhost',
    // php-cgi refuses to run without it.
    REDIRECT_STATUS: '200',
    DOCUMENT_ROOT: root,
    DOCUMENT_URI: script,
    SCRIPT_NAME: script,
    SCRIPT_FILENAME: `${root.replace(/\/+$/, '')}${script}`,
    PATH_INFO: urlPath.slice(end),
    REQUEST_URI: path,
    QUERY_STRING: query,
    REQUEST_METHOD: method.toUpperCase(),
    CONTENT_LENGTH: body === '' ? '' : String(Buffer.byteLength(body)),
    CONTENT_TYPE: lower.find(([name]) => name === 'content-type')?.[1] ?? '',
    ...Object.fromEntries(lower.filter(([name]) => !name.startsWith('content-')).map(headerVariable)),
    ...env,
  };
}

function headerVariable([name, value]: readonly [string, string]): [string, string] {
  return [`HTTP_${name.toUpperCase().replaceAll('-', '_')}`, value];
}

function factsOf({ status, headers, body }: CgiResponse): Fact[] {
  const answered = headers.map(([name, value]) => [name, Buffer.from(value, 'latin1').toString('utf8')]);
  return [
    { name: 'status', value: String(status), compare: 'exact' },
    ...headerFacts(Object.fromEntries(answered)),
    contentFact('body', body),
  ];
}
