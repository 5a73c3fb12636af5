import { describe, expect, it } from 'vitest';
import { type ApiOptions, planApi, readApi } from '../../../../src/probe/wire/openapi.ts';

const ALL: ApiOptions = { methods: 'all', credentials: {}, maxOperations: 100 };

async function planOf(text: string, options: Partial<ApiOptions> = {}) {
  return planApi(await readApi(text), { ...ALL, ...options });
}

async function requests(document: object | string, options: Partial<ApiOptions> = {}) {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  const { operations } = await planOf(text, options);
  return operations.map(({ command: { method, resource, headers, body } }) => [
    `${method} ${resource}`,
    ...headers,
    ...(body ? [body.toString()] : []),
  ]);
}

const openapi3 = (paths: object, more: object = {}) => ({
  openapi: '3.0.3',
  info: { title: 't', version: '1' },
  paths,
  ...more,
});

const jsonBody = (schema: object) => ({ requestBody: { content: { 'application/json': { schema } } } });

describe('an OpenAPI document that is meant to do harm', () => {
  it('gets no further with variables in the values of variables', async () => {
    const variables = Object.fromEntries(
      Array.from({ length: 40 }, (_, at) => [`v${at}`, { default: `{v${at + 1}}{v${at + 1}}` }]),
    );
    const document = openapi3({ '/a': { get: {} } }, { servers: [{ url: '/{v0}', variables }] });
    expect(await requests(document)).toEqual([['GET /%7Bv1%7D%7Bv1%7D/a']]);
  });

  it('has no operations with endless targets', async () => {
    const parameters = [{ name: 'x', in: 'path', required: true, example: 'y'.repeat(1000) }];
    const document = openapi3({ [`/${'{x}'.repeat(600)}`]: { get: { parameters } }, '/b': { get: {} } });
    expect(await requests(document)).toEqual([['GET /b']]);
    expect(await planOf(JSON.stringify(document))).toMatchObject({ left: 1 });
  });

  it('sends no example that is part of the body thousands of times', async () => {
    const big = { type: 'string', example: 'z'.repeat(90_000) };
    const properties = Object.fromEntries(
      Array.from({ length: 5000 }, (_, at) => [`p${at}`, { $ref: '#/components/schemas/big' }]),
    );
    const document = openapi3({ '/a': { post: jsonBody({ properties }) } }, { components: { schemas: { big } } });
    expect(await requests(document)).toEqual([['POST /a', 'Content-Type: application/json', '{}']]);
  });

  it('loses operations that make no sense, and no others', async () => {
    const parameters = [{ name: { toString: 1 }, in: 'query', required: true, schema: { minItems: { valueOf: 1 } } }];
    const example = { $ref: '#/paths/~1a' };
    const content = { 'application/json': { example } };
    const paths = { '/a': { get: { parameters } }, '/b': { post: { requestBody: { content } } }, '/c': { get: {} } };
    expect(await requests(openapi3(paths))).toContainEqual(['GET /c']);
  });

  it('cannot have files or other servers read', async () => {
    const paths = { '/a': { get: { parameters: [{ $ref: 'file:///etc/passwd' }] } }, '/b': { $ref: '/etc/hostname' } };
    expect(await requests(openapi3({ ...paths, '/c': { $ref: 'http://127.0.0.1:1/x' } }))).toEqual([['GET /a']]);
  });

  it('is read in time with many keys', async () => {
    const keys = Array.from({ length: 20_000 }, (_, at) => `  /p${at}: {}`);
    expect(await requests(`openapi: 3.0.0\npaths:\n${keys.join('\n')}\n  /a: { get: {} }`)).toEqual([['GET /a']]);
  });
});

describe('planning requests from an OpenAPI document', () => {
  it('fills in parameters that are required and those with an example', async () => {
    const parameters = [
      { name: 'id', in: 'path', required: true, schema: { type: 'integer' } },
      {
        name: 'tags',
        in: 'query',
        required: true,
        schema: { type: 'array', items: { enum: ['a b', 'c'] }, minItems: 2 },
      },
      { name: 'page', in: 'query', schema: { type: 'integer', default: 2 } },
      { name: 'rare', in: 'query', schema: { type: 'string' } },
      { name: 'X-Trace', in: 'header', required: true, example: 't1' },
      { name: 'Accept', in: 'header', required: true, schema: { type: 'string' } },
      { name: 'lang', in: 'cookie', required: true, schema: { enum: ['en'] } },
    ];
    expect(await requests(openapi3({ '/pets/{id}': { get: { parameters } } }))).toEqual([
      ['GET /pets/0?tags=a%20b&tags=a%20b&page=2', 'X-Trace: t1', 'Cookie: lang=en'],
    ]);
  });

  it('samples a JSON body, references resolved and read-only fields left out', async () => {
    const Pet = {
      type: 'object',
      properties: { id: { type: 'integer', readOnly: true }, name: { type: 'string', example: 'Rex' } },
    };
    const content = { 'text/plain': {}, 'application/json': { schema: { $ref: '#/components/schemas/Pet' } } };
    const document = openapi3(
      { '/pets': { post: { requestBody: { content } } } },
      { components: { schemas: { Pet } } },
    );
    expect(await requests(document)).toEqual([['POST /pets', 'Content-Type: application/json', '{"name":"Rex"}']]);
  });

  it('reads OpenAPI 3.1 in YAML', async () => {
    const text = [
      'openapi: 3.1.0',
      'info: {title: t, version: "1"}',
      'servers: [{url: "https://{host}/v1/", variables: {host: {default: api.example.com}}}]',
      'paths:',
      '  /n/{n}:',
      '    parameters: [{name: n, in: path, required: true, schema: {type: [integer, "null"], examples: [7]}}]',
      '    get: {}',
    ].join('\n');
    expect(await requests(text)).toEqual([['GET /v1/n/7']]);
  });

  it('reads Swagger 2 with its base path, its forms and its body parameters', async () => {
    const document = {
      swagger: '2.0',
      info: { title: 't', version: '1' },
      basePath: '/api',
      paths: {
        '/login': {
          post: { parameters: [{ name: 'user', in: 'formData', type: 'string', default: 'me', required: true }] },
        },
        '/pets': {
          get: {
            parameters: [
              {
                name: 'ids',
                in: 'query',
                required: true,
                type: 'array',
                items: { type: 'integer', default: 4 },
                minItems: 2,
              },
            ],
          },
          put: {
            parameters: [{ name: 'pet', in: 'body', schema: { type: 'object', properties: { a: { enum: [1] } } } }],
          },
        },
      },
    };
    expect(await requests(document)).toEqual([
      ['GET /api/pets?ids=4%2C4'],
      ['POST /api/login', 'Content-Type: application/x-www-form-urlencoded', 'user=me'],
      ['PUT /api/pets', 'Content-Type: application/json', '{"a":1}'],
    ]);
  });

  it('sends nothing but GET and HEAD unless asked to, and deletes last', async () => {
    const document = openapi3({ '/b': { delete: {}, get: {} }, '/a': { head: {}, put: {}, get: {} } });
    expect((await requests(document, { methods: 'safe' })).flat()).toEqual(['GET /a', 'GET /b', 'HEAD /a']);
    expect((await requests(document)).flat().at(-1)).toBe('DELETE /b');
  });

  it('plans as many operations as are allowed and counts the others', async () => {
    const document = openapi3({ '/a': { get: {} }, '/b': { get: {} }, '/c': { get: {} } });
    const plan = await planOf(JSON.stringify(document), { maxOperations: 2 });
    expect({ planned: plan.operations.length, left: plan.left }).toEqual({ planned: 2, left: 1 });
  });

  it('sends given values as it would send sampled ones, and given bodies in a form that is taken', async () => {
    const parameters = [{ name: 'tags', in: 'query', schema: { type: 'array' } }];
    const form = { requestBody: { content: { 'application/x-www-form-urlencoded': {} } } };
    const document = openapi3({ '/a': { post: { parameters, ...form } }, '/b': { put: {} } });
    const operations = { 'POST /a': { parameters: { tags: ['x', 'y z'] }, body: { n: 1 } }, 'PUT /b': { body: [1] } };
    expect(await requests(document, { operations })).toEqual([
      ['POST /a?tags=x&tags=y%20z', 'Content-Type: application/x-www-form-urlencoded', 'n=1'],
      ['PUT /b', 'Content-Type: application/json', '[1]'],
    ]);
  });

  it('plans the operations that something is said of besides those that are allowed', async () => {
    const document = openapi3({ '/a': { get: {} }, '/b': { get: {}, delete: {} } });
    const options = { methods: 'safe', maxOperations: 1, operations: { 'DELETE /b': {} } } as const;
    expect(await requests(document, options)).toEqual([['GET /a'], ['DELETE /b']]);
  });

  it('puts a prefix in place of the path of the servers', async () => {
    const document = openapi3({ '/a': { get: {} } }, { servers: [{ url: '/v1' }] });
    expect(await requests(document, { prefix: '/proxy' })).toEqual([['GET /proxy/a']]);
  });

  const securitySchemes = {
    key: { type: 'apiKey', in: 'header', name: 'X-Key' },
    query: { type: 'apiKey', in: 'query', name: 'k' },
    basic: { type: 'http', scheme: 'basic' },
    token: { type: 'http', scheme: 'bearer' },
    oauth: { type: 'oauth2', flows: {} },
  };
  const login = { username: 'me', password: 'pw' };

  it.each([
    ['an API key in a header', [{ key: [] }], { key: 'k1' }, ['GET /a', 'X-Key: k1']],
    ['an API key in the query', [{ query: [] }], { query: 'k 1' }, ['GET /a?k=k%201']],
    ['basic credentials', [{ basic: [] }], { basic: login }, ['GET /a', 'Authorization: Basic bWU6cHc=']],
    [
      'a bearer token for whatever is asked for',
      [{ oauth: ['read'] }],
      { '*': 't' },
      ['GET /a', 'Authorization: Bearer t'],
    ],
    [
      'the first requirement that can be met',
      [{ key: [], token: [] }, { token: [] }],
      { token: 't' },
      ['GET /a', 'Authorization: Bearer t'],
    ],
    ['nothing where credentials are missing', [{ key: [] }], {}, ['GET /a']],
  ])('satisfies security with %s', async (_what, security, credentials, expected) => {
    const document = openapi3({ '/a': { get: { security } } }, { components: { securitySchemes } });
    expect(await requests(document, { credentials })).toEqual([expected]);
  });

  it('is not led astray by circular schemas and impossible sizes', async () => {
    const Node = {
      type: 'object',
      properties: { next: { $ref: '#/components/schemas/Node' }, text: { type: 'string', minLength: 1e12 } },
    };
    const list = { type: 'array', minItems: 1e12, items: { $ref: '#/components/schemas/Node' } };
    const content = { 'application/json': { schema: list } };
    const document = openapi3({ '/a': { post: { requestBody: { content } } } }, { components: { schemas: { Node } } });
    const [[, , body = ''] = []] = await requests(document);
    expect(body.length).toBeLessThan(5_000_000);
  });

  it('does not follow references to files', async () => {
    const schema = { $ref: '/etc/passwd' };
    const document = openapi3({ '/a': { post: { requestBody: { content: { 'application/json': { schema } } } } } });
    expect(await requests(document)).toEqual([['POST /a', 'Content-Type: application/json', '{}']]);
  });

  it.each(['{', 'hello', '{"openapi": "3.0.0"}', '[]'])('refuses %s', async (text) => {
    await expect(readApi(text)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
