import { type ImagePath, joinPath, parentOf } from '../../rootfs/path.ts';
import type { RootFs } from '../../rootfs/rootfs.ts';
import { contentBelow } from '../content-below.ts';
import type { Rule } from '../rule.ts';

const DIRECTORY = /^(?:locales?|translations)$/;
/** Where distributions and package managers put what others have written, in many more languages than are wanted. */
const OF_PACKAGES = /^\/usr\/(?:local\/)?(?:share|lib)\/|\/(?:site-packages|dist-packages|node_modules)\//;
const LIMITS = { maxBytes: 1024 * 1024, maxEntries: 1024 };
const CATALOGUE = /\/([^/]+\/LC_MESSAGES\/[^/]+\.mo)$/;

/**
 * An application that comes in several languages is asked in one of them while it is watched, most often in that of its
 * source, for which it has no catalogue at all.
 */
export const ownTranslations: Rule = {
  id: 'own-translations',
  because: 'translation of the application in',
  follow: ({ path, type }, _, { rootfs }) =>
    type === 'directory'
      ? rootfs
          .childrenOf(path)
          .filter((name) => DIRECTORY.test(name))
          .map((name) => joinPath(path, name))
          .filter((directory) => !OF_PACKAGES.test(`${directory}/`))
          .flatMap((directory) => contentBelow(rootfs, directory, LIMITS))
      : [],
};

/**
 * The catalogues that gettext reads together, those of one language and one text domain, and what packages have beside
 * them for the language: other text domains, formats of dates.
 */
export const translations: Rule = {
  id: 'translations',
  because: 'for the same language as',
  follow({ path }, _, { rootfs }) {
    const [, name] = CATALOGUE.exec(path) ?? [];
    if (name === undefined) return [];
    const messages = parentOf(path);
    return [
      ...(cataloguesOf(rootfs).get(name) ?? []),
      ...(path.startsWith('/usr/share/') ? [] : [...filesIn(rootfs, messages), ...filesIn(rootfs, parentOf(messages))]),
    ];
  },
};

function filesIn(rootfs: RootFs, directory: ImagePath): ImagePath[] {
  const names = rootfs.childrenOf(directory).filter((name) => /\.(?:mo|py)$/.test(name));
  return names.map((name) => joinPath(directory, name));
}

const catalogues = new WeakMap<RootFs, ReadonlyMap<string, readonly ImagePath[]>>();

/** All message catalogues by language and text domain: `de/LC_MESSAGES/django.mo`. */
function cataloguesOf(rootfs: RootFs): ReadonlyMap<string, readonly ImagePath[]> {
  const known = catalogues.get(rootfs);
  if (known) return known;
  const byName = new Map<string, ImagePath[]>();
  for (const { path } of rootfs.entries()) {
    const [, name] = path.endsWith('.mo') ? (CATALOGUE.exec(path) ?? []) : [];
    if (name !== undefined) byName.set(name, [...(byName.get(name) ?? []), path]);
  }
  catalogues.set(rootfs, byName);
  return byName;
}
