import { BLOCK, encodeHeader, invalid, paddingOf } from './header.ts';

/** PAX records by key; keys are byte strings, values bytes as stored. */
export type PaxRecords = ReadonlyMap<string, Buffer>;

/**
 * Parses the body of a PAX extended header. The last of several records with one key counts.
 * Fails with IMAGE_INVALID for anything that is not exactly `LENGTH KEY=VALUE\n` repeated.
 * Source: POSIX pax "pax Extended Header".
 */
export function parsePax(body: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(0x20, at);
    const digits = body.toString('latin1', at, space === -1 ? at : space);
    const end = at + Number.parseInt(digits, 10);
    const equals = body.indexOf(0x3d, space);
    const isWhole = /^\d{1,9}$/.test(digits) && end <= body.length && body[end - 1] === 0x0a;
    if (!isWhole || equals <= space + 1 || equals >= end - 1) throw invalid('a PAX header is malformed');
    records.set(body.toString('latin1', space + 1, equals), body.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

/** The blocks of an extended header (`x`) holding these records, to be put before an entry's own header. */
export function encodePax(records: PaxRecords): Buffer {
  const body = Buffer.concat([...records].map(([key, value]) => encodeRecord(key, value)));
  const header = encodeHeader({ name: './PaxHeaders/entry', typeflag: 'x', sizeBytes: body.length });
  return Buffer.concat([header, body], BLOCK + body.length + paddingOf(body.length));
}

function encodeRecord(key: string, value: Buffer): Buffer {
  const rest = key.length + value.length + 3;
  let length = rest + String(rest).length;
  length = rest + String(length).length;
  return Buffer.concat([Buffer.from(`${length} ${key}=`, 'latin1'), value, Buffer.from('\n')]);
}
