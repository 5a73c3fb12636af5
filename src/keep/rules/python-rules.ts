import { baseName, parentOf, toImagePath } from '../../rootfs/path.ts';
import type { Rule } from '../rule.ts';

/** CPython looks at the source's time and size before it trusts a cached form: without the source there is no module. */
export const pythonSource: Rule = {
  id: 'python-source',
  because: 'Python source of',
  follow({ path }) {
    const [, directory, stem] = /^(.*)\/__pycache__\/([^/]+?)\.[^/.]+-[^/]*\.pyc$/.exec(path) ?? [];
    return stem === undefined ? [] : [`${directory}/${stem}.py`];
  },
};

/** Without it the module is compiled anew by every process that may not write beside it. */
export const pythonCache: Rule = {
  id: 'python-cache',
  because: 'compiled form of',
  follow({ path }, _, { rootfs }) {
    if (!path.endsWith('.py')) return [];
    const cache = toImagePath(`${parentOf(path)}/__pycache__`);
    const prefix = `${baseName(path).slice(0, -'.py'.length)}.`;
    const names = rootfs.childrenOf(cache).filter((name) => name.startsWith(prefix) && name.endsWith('.pyc'));
    return names.map((name) => `${cache}/${name}`);
  },
};

/** Packages bring templates for pages that are shown rarely, such as that of an error. */
export const packageTemplates: Rule = {
  id: 'python-templates',
  because: 'templates of the package with',
  follow: ({ path }) => (baseName(path) === '__init__.py' ? [`${parentOf(path)}/templates`] : []),
};
