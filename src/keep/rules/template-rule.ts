import { baseName } from '../../rootfs/path.ts';
import { contentBelow } from '../content-below.ts';
import type { Rule } from '../rule.ts';

/** What pages are made of goes by these names, whatever the language. */
const DIRECTORY = /^(?:templates?|views)$/;
const LIMITS = { maxBytes: 1024 * 1024, maxEntries: 1024 };

/** Where one template is, others are, of which some are shown rarely: those of errors, and what follows a form. */
export const templates: Rule = {
  id: 'templates',
  because: 'in the directory of templates',
  follow: ({ path, type }, _, { rootfs }) =>
    type === 'directory' && DIRECTORY.test(baseName(path)) ? contentBelow(rootfs, path, LIMITS) : [],
};
