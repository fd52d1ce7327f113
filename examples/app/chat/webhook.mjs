// Checks what Parlour POSTs: https://www.standardwebhooks.com
import { createHmac, timingSafeEqual } from 'node:crypto';

/** What is older was recorded by somebody, or waited for too long. */
const TOLERANCE = 5 * 60;

/** Whether a body has the signature of the webhook whose secret this is (`whsec_…`). */
export function isGenuine({ headers, body, secret }) {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures = '' } = headers;
  if (!(Math.abs(Date.now() / 1_000 - timestamp) < TOLERANCE)) return false;
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const expected = Buffer.from(`v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`);
  // Two of them while the secret is rotated.
  return signatures.split(' ').map((signature) => Buffer.from(signature))
    .some((signature) => signature.length === expected.length && timingSafeEqual(signature, expected));
}
