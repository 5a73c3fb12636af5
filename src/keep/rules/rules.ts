import { parentOf } from '../../rootfs/path.ts';
import { LISTING_RULES } from '../listing-policies.ts';
import { PYTHON_RULES } from '../python/import-seeds.ts';
import type { Rule } from '../rule.ts';
import { interpretersOf } from '../shebang.ts';
import { companionRules, staticCertificates } from './companions.ts';
import { elfInterpreter, sharedLibraries } from './elf-rules.ts';
import { nameService } from './name-service-rule.ts';
import { packageTemplates, pythonCache, pythonSource } from './python-rules.ts';
import { templates } from './template-rule.ts';
import { ownTranslations, translations } from './translation-rules.ts';

const parents: Rule = {
  id: 'parent-of',
  because: 'directory that holds',
  follow: ({ path }) => (path === '/' ? [] : [parentOf(path)]),
};

const linkTarget: Rule = {
  id: 'link-target',
  because: 'target of the link',
  follow: ({ type, path }) => (type === 'symlink' ? [path] : []),
};

const shebang: Rule = {
  id: 'shebang',
  because: 'interpreter of the script',
  follow: (_, program, image) => (program.shebang === undefined ? [] : interpretersOf(program.shebang, image)),
};

/** Every rule that makes a kept path keep others, in the order their reasons are noted. */
export const RULES: readonly Rule[] = [
  parents,
  linkTarget,
  elfInterpreter,
  sharedLibraries,
  shebang,
  pythonSource,
  pythonCache,
  packageTemplates,
  templates,
  ownTranslations,
  translations,
  nameService,
  ...companionRules,
  staticCertificates,
];

/** The rules that `disabledRules` may name: without the directories that hold it, nothing can be packed. */
export const DISABLEABLE_RULES: readonly string[] = [
  ...new Set([...RULES.map(({ id }) => id).filter((id) => id !== parents.id), ...LISTING_RULES, ...PYTHON_RULES]),
];
