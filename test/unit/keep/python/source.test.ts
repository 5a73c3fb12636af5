import { expect, it } from 'vitest';
import { readPythonSource } from '../../../../src/keep/python/source.ts';

const shown = (text: string) =>
  readPythonSource(text).imports.map(({ level, module, names, isLazy }) =>
    [isLazy ? 'lazy' : 'at once', '.'.repeat(level) + module, ...names].join(' '),
  );

it('reads every form of an import', () => {
  const text = [
    'import os, sys as system',
    'import a.b.c  # for d',
    'from . import near as n, far',
    'from ..up.there import (',
    '    one,  # the first',
    '    two as second,',
    ')',
    'from x import y, \\',
    '    z',
    'from w import *',
  ].join('\r\n');
  expect(shown(text)).toEqual([
    'at once os',
    'at once sys',
    'at once a.b.c',
    'at once . near far',
    'at once ..up.there one two',
    'at once x y z',
    'at once w',
  ]);
});

it('tells imports of functions from those that are done while a module is loaded', () => {
  const text = `
try:
    import quick
except ImportError:
    import slow
class Reporter:
    import inside
    async def send(self):
        if self.ready:
            import mail
    import beside
def later():
    """Why."""
    from .parts import part
    def inner():
        import deep
    import after
if True:
    import conditional
`;
  expect(shown(text)).toEqual([
    'at once quick',
    'at once slow',
    'at once inside',
    'lazy mail',
    'at once beside',
    'lazy .parts part',
    'lazy deep',
    'lazy after',
    'at once conditional',
  ]);
});

it('leaves out what is imported for type checkers alone', () => {
  const text = 'import a\nif typing.TYPE_CHECKING:\n    import b\n\n    from c import d\nimport e\n';
  expect(shown(text)).toEqual(['at once a', 'at once e']);
});

it('reads names with dots in quotes, once each', () => {
  const text = `X = {'class': "log.handlers.Mail", "()": 'log.handlers.Mail'}\nY = 'not a.name' + "3.14" + 'plain'`;
  expect(readPythonSource(text).dotted).toEqual(['log.handlers.Mail']);
});

it('takes time in proportion to the text, whatever it is', () => {
  const started = performance.now();
  for (const text of [
    'from x import ('.repeat(20_000),
    'from x import (\n'.repeat(20_000),
    'if TYPE_CHECKING:\n'.repeat(50_000),
    ' '.repeat(300_000),
    'a.'.repeat(150_000),
    '"a'.repeat(150_000),
  ]) {
    readPythonSource(`${text}\nimport a`);
  }
  expect(performance.now() - started).toBeLessThan(4000);
});
