import { z } from 'zod';

/** TLS with any certificate. */
export const tls = z.boolean().default(false).meta({ description: 'Speak TLS; any certificate will do.' });

const hex = z
  .string()
  .transform((text) => text.replace(/[\s:]/g, ''))
  .refine((digits) => /^(?:[0-9a-f]{2})+$/i.test(digits), { error: 'give bytes as hexadecimal digits: 00 ff' });

/** Text to send, or bytes as hexadecimal digits. */
export const payload = z
  .union([z.string(), z.strictObject({ hex })])
  .meta({ description: 'Text, or bytes as {hex: "00 ff"}.' });

/** The bytes of a payload. */
export function payloadBytes(given: z.infer<typeof payload>): Buffer {
  return typeof given === 'string' ? Buffer.from(given) : Buffer.from(given.hex, 'hex');
}
