import { z } from 'zod';
import { parseJsonPath } from '../json-path.ts';
import { regexOf } from './matcher.ts';

const pattern = z.string().refine((text) => regexOf(text) !== undefined, { error: 'is no regular expression' });
const oneOrMore = <T extends z.ZodType>(item: T) => z.union([item, z.array(item).min(1)]);
const text = z.coerce.string();

const matcher = z
  .strictObject({
    equals: z.string().optional(),
    contains: oneOrMore(z.string()).optional(),
    matches: oneOrMore(pattern).optional(),
    lacks: oneOrMore(z.string()).optional(),
  })
  .meta({ description: 'equals: the whole text; contains, lacks: a part; matches: a regular expression.' });

/** Text that is expected: a part of it, or a matcher. */
export const expectedText = z.union([z.string(), matcher]).meta({
  description: 'Text that must be contained, or {equals, contains, matches, lacks}.',
});

const jsonPath = z
  .string()
  .refine((path) => parseJsonPath(path) !== undefined, { error: 'is no JSON path ($.a[0].b)' });
const status = z.union([z.int().min(100).max(599), z.string().regex(/^[1-5]xx$/)], {
  error: 'give a status such as 404, or 4xx',
});

/** What an outcome has to be, as `expect` says it. */
export const expectation = z.strictObject({
  status: oneOrMore(status).optional().meta({ description: 'HTTP status: 200, 4xx, or a list of them.' }),
  headers: z.record(text, expectedText).optional().meta({ description: 'Headers of the answer by name.' }),
  body: expectedText.optional(),
  json: z
    .record(jsonPath, z.unknown())
    .optional()
    .meta({ description: 'Values of a JSON body by JSON path: a value, or {contains, matches, lacks}.' }),
  exit: oneOrMore(z.int().min(0).max(255)).optional().meta({ description: 'Exit status: 0, or a list of them.' }),
  stdout: expectedText.optional(),
  stderr: expectedText.optional(),
  reply: expectedText.optional().meta({ description: 'What was received.' }),
});

export type Expectation = z.infer<typeof expectation>;
export type ExpectedText = z.infer<typeof expectedText>;
