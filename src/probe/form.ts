import { createHash } from 'node:crypto';

/** A request body and the header that says what it is. */
export interface Form {
  readonly header: string;
  readonly body: Buffer;
}

const FIELD = 'file';

/**
 * A form of one field, as a browser submits it: an uploaded file when it has a name. Same content, same bytes.
 * Source: RFC 7578.
 */
export function formOf(
  content: Buffer,
  { field = FIELD, fileName }: { field?: string | undefined; fileName?: string | undefined },
): Form {
  const boundary = `trace-slim-${createHash('sha256').update(content).digest('hex').slice(0, 32)}`;
  const file =
    fileName === undefined ? '' : `; filename="${quoted(fileName)}"\r\nContent-Type: application/octet-stream`;
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(field)}"${file}\r\n\r\n`;
  return {
    header: `Content-Type: multipart/form-data; boundary=${boundary}`,
    body: Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  };
}

/** As the HTML standard escapes names in forms. */
function quoted(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
