import { expect, test } from 'vitest';
import { resolverFile } from '../../../../src/engine/local/resolver-file.ts';

const host = '# made by hand\nnameserver 10.0.0.1\nnameserver 10.0.0.2\nsearch example.com\noptions ndots:2\n';

test("the host's resolver is used where nothing else is asked for", () => {
  expect(resolverFile(host, { dns: [], dnsSearch: [] })).toBe(host);
});

test('name servers replace those of the host, domains stay', () => {
  const made = resolverFile(host, { dns: ['10.9.9.9'], dnsSearch: [] });
  expect(made).toBe('# made by hand\nsearch example.com\noptions ndots:2\nnameserver 10.9.9.9\n');
});

test('domains replace those of the host, name servers stay', () => {
  const made = resolverFile(host, { dns: [], dnsSearch: ['a.test', 'b.test'] });
  expect(made).toContain('nameserver 10.0.0.2\n');
  expect(made).toMatch(/^search a\.test b\.test$/m);
  expect(made).not.toContain('example.com');
});
