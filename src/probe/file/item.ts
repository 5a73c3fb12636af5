import { z } from 'zod';
import { expectation } from '../kinds/expectation.ts';
import { durationMs } from '../kinds/fields.ts';
import { KINDS } from '../kinds/index.ts';
import type { ExpectKey } from '../kinds/kind.ts';
import { isMask, MASK_FORMS } from '../masks.ts';

const name = z.string().min(1).max(100).meta({ description: 'How it is called in reports.' });
const repeat = z.int().min(1).max(1000).meta({ description: 'How often it is done in a row.' });

const mask = z.string().refine(isMask, { error: MASK_FORMS }).meta({
  description: 'What may differ: /regular expression/, JSON path ($.id), or "header etag", "body", "stdout".',
});

/** Keys that items and steps have in common. */
export const shared = {
  name: name.optional(),
  expect: z
    .union([z.literal('failing'), expectation])
    .optional()
    .meta({ description: 'What has to come of it, or "failing".' }),
  retry: durationMs.optional().meta({ description: 'For how long it is tried again until it is as expected.' }),
  timeout: durationMs.optional().meta({ description: 'How long one try may take.' }),
  mask: z.array(mask).optional().meta({ description: 'What may differ between two runs.' }),
};

const kindKeys = Object.fromEntries(KINDS.map((kind) => [kind.name, kind.schema.optional()]));

/** One thing to do: exactly one key names its kind. */
export const step = z
  .strictObject({ ...shared, ...kindKeys })
  .superRefine(hasOneKind)
  .meta({ oneOf: KINDS.map((kind) => ({ required: [kind.name] })) });

/** One thing to do, or several that belong together. */
export const item = z
  .strictObject({
    ...shared,
    repeat: repeat.optional(),
    ...kindKeys,
    sequence: z
      .array(step)
      .min(1)
      .max(1000)
      .optional()
      .meta({ description: 'Things done one after another that share cookies and captured values.' }),
  })
  .superRefine(hasOneKind)
  .meta({ oneOf: [...KINDS.map(({ name }) => name), 'sequence'].map((key) => ({ required: [key] })) });

type AnyItem = Readonly<Record<string, unknown>>;

function hasOneKind(given: AnyItem, context: z.RefinementCtx): void {
  const names: readonly string[] = [...KINDS.map((kind) => kind.name), 'sequence'];
  const found = names.filter((key) => given[key] !== undefined);
  if (found.length !== 1) {
    const known = names.join(', ');
    const message = found.length === 0 ? `say what is done: ${known}` : `only one of ${found.join(', ')} can be done`;
    context.addIssue({ code: 'custom', message });
    return;
  }
  if (found[0] === 'sequence') refuseAtSequence(given, context);
  const kind = KINDS.find(({ name }) => name === found[0]);
  if (typeof given.expect !== 'object') return;
  const wrong = Object.keys(given.expect ?? {}).filter((key) => !kind?.expects.includes(key as ExpectKey));
  for (const key of wrong) {
    const known = kind?.expects.join(', ') || 'nothing';
    context.addIssue({ code: 'custom', path: ['expect', key], message: `${kind?.name} can expect ${known}` });
  }
}

function refuseAtSequence(given: AnyItem, context: z.RefinementCtx): void {
  const misplaced = Object.keys(shared).filter((key) => key !== 'name' && given[key] !== undefined);
  for (const key of misplaced) {
    context.addIssue({ code: 'custom', path: [key], message: `${key} belongs to the steps of a sequence` });
  }
}

/** An item as it was written, in its full form. */
export type WrittenItem = z.infer<typeof item>;
