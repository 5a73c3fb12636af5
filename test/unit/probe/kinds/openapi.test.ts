import { writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openapiKind } from '../../../../src/probe/kinds/openapi.ts';
import { newSession } from '../../../../src/probe/kinds/session.ts';
import type { Outcome } from '../../../../src/probe/types.ts';
import { temporaryDirectory } from '../../../support/engine.ts';
import { fakeContainer } from '../../../support/fake-container.ts';
import { probesOfText, runAll } from '../../../support/probe-files.ts';
import { comparedFacts, makeKind, runKind } from '../../../support/probe-kinds.ts';
import { httpServer } from '../../../support/servers.ts';

const document = JSON.stringify({
  openapi: '3.1.0',
  info: { title: 'pets', version: '1' },
  paths: {
    '/pets': { get: { security: [{ key: [] }] }, post: { operationId: 'addPet' } },
    '/pets/{id}': {
      get: { operationId: 'getPet', parameters: [{ name: 'id', in: 'path', required: true, schema: { enum: [7] } }] },
    },
  },
  components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-Key' } } },
});

const pets: RequestListener = ({ url, method, headers }, response) => {
  if (url === '/openapi.json') response.end(document);
  else response.writeHead(url === '/pets/7' ? 500 : 200).end(`${method} ${url} ${headers['x-key']} ${headers.cookie}`);
};

/** What came of the operations of an openapi item of a probe file: its title, whether it was ok, and its summary. */
async function answersOf(probes: string) {
  await using server = await httpServer(pets);
  const container = fakeContainer({ endpoints: { 8080: server.endpoint } });
  const outcomes = await runAll(await probesOfText(`probes: ${probes}`), container);
  return outcomes.map(({ probe, ok, summary }) => [probe.replace(/^.*: /, ''), ok, summary] as const);
}

const named = (operations: string, expect = '') =>
  `[{ openapi: { path: /openapi.json, operations: ${operations} }${expect} }]`;

describe('what is expected of an openapi probe', () => {
  it('is expected of each operation, and not of the document', async () => {
    const [document, list, pet] = await answersOf(
      '[{ openapi: /openapi.json, expect: { status: 2xx, body: undefined } }]',
    );
    expect(document?.[1]).toBe(true);
    expect(list?.[1]).toBe(true);
    expect(pet).toMatchObject(['GET /pets/{id}', false, expect.stringContaining('status expected to be 2xx, is 500')]);
  });

  it('is replaced by what is expected of one operation', async () => {
    const answers = await answersOf(named('{ getPet: { expect: { status: 500 } } }', ', expect: { status: 200 }'));
    expect(answers.map(([, ok]) => ok)).toEqual([true, true, true]);
  });

  it('comes with values for parameters and bodies, by operationId or by method and path', async () => {
    const operations = '{ "GET /pets/{id}": { parameters: { id: 8 }, expect: { body: GET /pets/8 } } }';
    expect((await answersOf(named(operations))).at(-1)).toMatchObject(['GET /pets/{id}', true, expect.anything()]);
  });

  it('makes an operation asked for that changes something, or one left out', async () => {
    const answers = await answersOf(named('{ addPet: { body: { name: x } }, getPet: { skip: true } }'));
    expect(answers.slice(1).map(([title]) => title)).toEqual(['GET /pets', 'POST /pets']);
  });

  it.each([
    ['{ getPte: {} }', 'it has no operation getPte (it has GET /pets, addPet, getPet)'],
    ['{ getPet: { parameters: { pid: 1 } } }', 'getPet has no parameter pid (it has id)'],
  ])('fails when the document has no %s', async (operations, message) => {
    const [[, ok, summary] = [], ...others] = await answersOf(named(operations));
    expect([ok, others]).toEqual([false, []]);
    expect(summary).toContain(message);
  });

  it('may use what an earlier step has captured', async () => {
    const login = '{ http: { path: /pets, capture: { word: { body: "^GET" } } } }';
    const api = `{ path: /openapi.json, credentials: { key: "k-\${word}" }, operations: { getPet: { skip: true } } }`;
    const expected = `{ openapi: ${api}, expect: { body: "GET /pets k-\${word}" } }`;
    const answers = await answersOf(`[{ sequence: [${login}, ${expected}] }]`);
    expect(answers.map(([, ok]) => ok)).toEqual([true, true, true]);
  });
});

describe('an openapi probe', () => {
  it('has an outcome for the document and one for each operation', async () => {
    await using server = await httpServer(pets);
    const outcomes = await runKind(openapiKind, { path: '/openapi.json', credentials: { key: 'k1' } }, server);
    expect(outcomes.map(({ probe, ok }) => [probe, ok])).toEqual([
      ['p', true],
      ['p: GET /pets', true],
      ['p: GET /pets/{id}', true],
    ]);
    expect(comparedFacts(outcomes[1] as Outcome).body).toBe('GET /pets k1 undefined');
    expect(comparedFacts(outcomes[2] as Outcome).status).toBe('500');
  });

  it('sends all methods when it is told to', async () => {
    await using server = await httpServer(pets);
    const outcomes = await runKind(openapiKind, { path: '/openapi.json', methods: 'all' }, server);
    expect(outcomes.map(({ probe }) => probe)).toContain('p: POST /pets');
  });

  it('sends the cookies of its sequence and the given headers', async () => {
    await using server = await httpServer(pets);
    const session = newSession();
    session.cookies.store(['session=s1; Path=/'], '/login');
    const written = { path: '/openapi.json', headers: { 'X-Key': 'mine' }, limit: 1 };
    const [, first] = await runKind(openapiKind, written, { ...server, session });
    expect(comparedFacts(first as Outcome).body).toBe('GET /pets mine session=s1');
  });

  it('reads the document from a file beside the probe file', async () => {
    await using server = await httpServer(pets);
    using folder = temporaryDirectory();
    writeFileSync(join(folder.path, 'api.json'), document);
    const [first, ...operations] = await runKind(openapiKind, { file: 'api.json' }, { ...server, folder: folder.path });
    expect(comparedFacts(first as Outcome)).toEqual({ operations: '2' });
    expect(operations).toHaveLength(2);
  });

  it('asks for the same operations again when the document is no longer served', async () => {
    await using server = await httpServer(pets);
    await using broken = await httpServer((_, response) => response.writeHead(404).end());
    const probe = await makeKind(openapiKind, '/openapi.json');
    const [fat, slim] = [await probe.runIn(server), await probe.runIn(broken)];
    expect(slim.map((outcome) => outcome.probe)).toEqual(fat.map((outcome) => outcome.probe));
  });

  it('is not ok when the document is none, and looks again the next time', async () => {
    await using starting = await httpServer((_, response) => response.writeHead(503).end('starting'));
    await using server = await httpServer(pets);
    const probe = await makeKind(openapiKind, '/openapi.json');
    const [outcome] = await probe.runIn(starting);
    expect(outcome).toMatchObject({ ok: false, summary: 'no OpenAPI document: 503 8 B' });
    expect(await probe.runIn(server)).toHaveLength(3);
  });

  it('names a file that cannot be read', async () => {
    await expect(makeKind(openapiKind, { file: 'missing.json' }, '/nowhere')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'cannot read the OpenAPI document /nowhere/missing.json (ENOENT)',
    });
  });

  it.each([{}, { path: '/a', file: 'b' }, 'openapi.json'])('does not understand %o', (written) => {
    expect(openapiKind.schema.safeParse(written).success).toBe(false);
  });
});
