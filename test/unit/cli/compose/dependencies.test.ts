import { describe, expect, it } from 'vitest';
import { dependenciesOf, isJob } from '../../../../src/cli/compose/dependencies.ts';
import { parseComposeFile } from '../../../../src/cli/compose/service.ts';

const FILE = parseComposeFile('compose.yaml', {
  services: {
    web: { depends_on: { api: { condition: 'service_healthy' } }, links: ['cache:memory'] },
    api: { depends_on: ['db', 'migrate'] },
    db: null,
    migrate: { depends_on: { db: {} } },
    cache: {},
    front: { depends_on: ['web'] },
    tool: { profiles: ['tools'] },
    after: { depends_on: { migrate: { condition: 'service_completed_successfully' } } },
  },
});

describe('the services started beside one', () => {
  it.each([
    ['what it depends on, each after its own', 'web', {}, ['db', 'migrate', 'api', 'cache']],
    ['all that do not depend on it, when it names nothing', 'cache', {}, ['db', 'migrate', 'api', 'after']],
    ['none, when asked for', 'web', { depExcludeComposeSvcAll: true }, []],
    ['all but those excluded', 'web', { depExcludeComposeSvc: ['cache', 'migrate'] }, ['db', 'api']],
    ['those chosen', 'web', { depIncludeComposeSvc: ['migrate'] }, ['db', 'migrate']],
    ['what a chosen one depends on', 'web', { depIncludeComposeSvcDeps: ['migrate'] }, ['db']],
    [
      'those chosen besides its own',
      'api',
      { depIncludeComposeSvc: ['cache'], depIncludeTargetComposeSvcDeps: true },
      ['cache', 'db', 'migrate'],
    ],
  ])('are %s', (_, target, choice, expected) => {
    expect(dependenciesOf(target, FILE, choice)).toEqual(expected);
  });

  it('must be in the file', () => {
    expect(() => dependenciesOf('web', FILE, { depExcludeComposeSvc: ['wbe'] })).toThrow('no service wbe');
  });

  it('cannot need each other', () => {
    const file = parseComposeFile('x', { services: { a: { depends_on: ['b'] }, b: { depends_on: ['a'] } } });
    expect(() => dependenciesOf('a', file, {})).toThrow('b → a → b');
  });

  it('have done their work first where something waits for that', () => {
    expect(['migrate', 'db'].map((name) => isJob(name, FILE))).toEqual([true, false]);
  });
});
