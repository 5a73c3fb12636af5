import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadProbeFile } from '../../../../src/probe/file/load.ts';
import { KINDS } from '../../../../src/probe/kinds/index.ts';
import { loadText } from '../../../support/probe-files.ts';

async function problemsOf(text: string): Promise<string[]> {
  const error = await loadText(text).then(
    () => undefined,
    (failure: Error) => failure,
  );
  expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
  return (error?.message ?? '').split('\n  ').slice(1);
}

describe('a probe file', () => {
  it('is read with its defaults applied, and short forms in full', async () => {
    const file = await loadText(
      [
        'version: 1',
        'defaults: { port: 8000, timeout: 5, retry: 500ms }',
        'setup: [{ exec: ./prepare }]',
        'probes:',
        '  - http: POST /login',
        '    timeout: 2m',
        '    repeat: 3',
        '  - name: both',
        '    sequence: [{ exec: [a, b], expect: failing }]',
        'scenarios:',
        '  - { name: worker, command: [work], env: { LEVEL: 3 }, port: 9000, probes: [] }',
      ].join('\n'),
    );
    const rest = { retryMs: 500, timeoutMs: 5000, masks: [] };
    expect(file.main).toEqual({
      defaultListener: 8000,
      setup: [{ kind: 'exec', spec: { command: './prepare' }, place: expect.stringMatching(/:3:9$/), ...rest }],
      probes: [
        {
          repeat: 3,
          items: [
            {
              kind: 'http',
              spec: { path: '/login', method: 'POST', follow: 0 },
              place: expect.stringMatching(/:5:5$/),
              ...rest,
              timeoutMs: 120_000,
            },
          ],
        },
        {
          name: 'both',
          repeat: 1,
          items: [
            {
              kind: 'exec',
              spec: { command: ['a', 'b'] },
              expect: 'failing',
              place: expect.stringMatching(/:9:16$/),
              ...rest,
            },
          ],
        },
      ],
      teardown: [],
    });
    expect(file.scenarios).toEqual([
      {
        name: 'worker',
        command: ['work'],
        env: ['LEVEL=3'],
        defaultListener: 9000,
        setup: [],
        probes: [],
        teardown: [],
      },
    ]);
  });

  it('is refused with every mistake and where it stands', async () => {
    const problems = await problemsOf(
      [
        'version: 2',
        'defaults: { port: 99999, timout: 3 }',
        'probes:',
        '  - exec: foo',
        '    expect: { exit: 0, status: 200 }',
        '  - exex: foo',
        '  - name: nothing',
        '  - sequence:',
        '      - exec: { command: [a], foo: 1 }',
        '      - exec: 7',
        '    retry: 10s',
        '  - exec: a',
        '    timeout: forever',
        '    mask: ["/(/", $.a, header etag, nonsense]',
        '  - http: { path: /, body: a, form: { b: 1 } }',
        '    expect: { json: { a: 1 }, body: { matches: "(" } }',
      ].join('\n'),
    );
    const kinds = /http, .*sequence$/.exec(problems.find((problem) => problem.includes('probes[2]')) ?? '')?.[0];
    expect(problems).toEqual([
      'probes.yaml:1:10: version: must be 1',
      'probes.yaml:2:19: defaults.port: Too big: expected number to be <=65535',
      'probes.yaml:2:26: defaults.timout: unknown key',
      'probes.yaml:5:32: probes[0].expect.status: exec can expect exit, stdout, stderr',
      `probes.yaml:6:5: probes[1]: say what is done: ${kinds}`,
      'probes.yaml:6:5: probes[1].exex: unknown key',
      `probes.yaml:7:5: probes[2]: say what is done: ${kinds}`,
      'probes.yaml:9:31: probes[3].sequence[0].exec.foo: unknown key',
      'probes.yaml:10:15: probes[3].sequence[1].exec: expected string or array or object',
      'probes.yaml:13:14: probes[4].timeout: give a time such as 30s, 500ms, 2m or a number of seconds',
      expect.stringMatching(/^probes\.yaml:14:12: probes\[4\]\.mask\[0\]: give /),
      expect.stringMatching(/^probes\.yaml:14:37: probes\[4\]\.mask\[3\]: give /),
      'probes.yaml:15:11: probes[5].http: only one of body, form can be sent',
      'probes.yaml:16:26: probes[5].expect.json.a: is no JSON path ($.a[0].b)',
      'probes.yaml:16:48: probes[5].expect.body.matches: is no regular expression',
    ]);
  });

  it.each([
    ['probes: [', /^probes\.yaml:1:10: /],
    ['version: 1\nversion: 1\nprobes: []', /^probes\.yaml:2:1: Map keys must be unique/],
    ['version: 1', /there must be probes or scenarios/],
    ['version: 1\nprobes:\n  - { exec: a, http: / }', /only one of http, exec can be done/],
    ['version: 1\nscenarios: [{ name: a }, { name: a }]', /scenarios must have different names/],
    ['version: 1\nprobes:\n  - sequence: [{ exec: a }]\n    retry: 1s', /retry belongs to the steps of a sequence/],
    ['just text', /expected object/],
  ])('%j is refused', async (text, problem) => {
    expect((await problemsOf(text)).join('\n')).toMatch(problem);
  });

  it('is bounded in what it refers to', async () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x,x]',
      'b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]',
      'c: [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]',
    ];
    await expect(loadText(bomb.join('\n'))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('names a file that cannot be read', async () => {
    await expect(loadProbeFile('/nowhere/probes.yaml')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const missing = 'version: 1\nprobes: [{ http: { path: /, method: PUT, file: missing.bin } }]';
    await expect(loadText(missing)).rejects.toThrow(/cannot read .*missing\.bin \(ENOENT\)/);
  });
});

const READY_MADE = fileURLToPath(new URL('../../../../probes/', import.meta.url));

it.each(readdirSync(READY_MADE).filter((name) => name.endsWith('.yaml')))('probes/%s is a probe file', async (name) => {
  const { main, scenarios } = await loadProbeFile(`${READY_MADE}${name}`);
  expect((main?.probes.length ?? 0) + scenarios.length).toBeGreaterThan(0);
});

const EXPLANATION = readFileSync(`${READY_MADE}README.md`, 'utf8');
const EXAMPLES = [...EXPLANATION.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text = '']) => text);

it.each(EXAMPLES)('what probes/README.md shows is understood: %s', async (text) => {
  const { main } = await loadText(text.includes('version:') ? text : `version: 1\nprobes:\n${text}`);
  expect(main?.probes.length).toBeGreaterThan(0);
});

it('probes/README.md names every ready-made file and every kind', () => {
  const files = readdirSync(READY_MADE).filter((name) => name.endsWith('.yaml'));
  const missing = files.filter((name) => !EXPLANATION.includes(`[${name}](${name})`));
  expect(missing).toEqual([]);
  expect(KINDS.map(({ name }) => name).filter((name) => !EXPLANATION.includes(`\n| \`${name}\` |`))).toEqual([]);
});
