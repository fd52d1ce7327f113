// Errors as a person can use them.
import { Refusal } from '../feed';
import { texts } from '../texts';

/** What to say of a failure. Input errors of the server are written for people already. */
export function helpful(reason: unknown): string {
  if (reason instanceof DOMException && reason.name === 'NotAllowedError') return texts.errors.notAllowed;
  if (!(reason instanceof Refusal)) return texts.errors.unreachable;
  switch (reason.code) {
    case 'RATE_LIMITED': return texts.errors.patience(Math.max(1, Math.ceil((reason.retryAfterMs ?? 1_000) / 1_000)));
    case 'SERVICE_UNAVAILABLE': return texts.errors.busy;
    case 'INTERNAL_SERVER_ERROR': return texts.errors.broken;
    case 'NOT_FOUND': return texts.errors.notFound;
    case 'UNSUPPORTED_IMAGE': return texts.image.unsupported;
    case 'FORBIDDEN': return texts.errors.forbidden;
    case 'INVALID_CREDENTIALS': return texts.signIn.wrong;
    case 'EMAIL_TAKEN': return texts.signIn.taken;
    default: return sentence(reason.message);
  }
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
