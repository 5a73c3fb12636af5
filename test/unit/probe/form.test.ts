import { expect, test } from 'vitest';
import { formOf } from '../../../src/probe/form.ts';

async function parsed(form: ReturnType<typeof formOf>): Promise<FormData> {
  const [, type = ''] = /^Content-Type: (.*)$/.exec(form.header) ?? [];
  return new Response(new Uint8Array(form.body), { headers: { 'content-type': type } }).formData();
}

test('a form with a file name is an upload, byte for byte', async () => {
  const content = Buffer.from([0, 13, 10, 45, 45, 255]);
  const data = await parsed(formOf(content, { field: 'photo', fileName: 'a "b".png' }));
  const file = data.get('photo') as File;
  expect(file.name).toBe('a "b".png');
  expect(Buffer.from(await file.arrayBuffer())).toEqual(content);
});

test('a form without a file name is a field', async () => {
  expect((await parsed(formOf(Buffer.from('text'), {}))).get('file')).toBe('text');
});

test('the same content makes the same bytes', () => {
  expect(formOf(Buffer.from('x'), {})).toEqual(formOf(Buffer.from('x'), {}));
});
