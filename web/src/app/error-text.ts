// Messages for errors.
import { ServerError } from '../feed';
import { texts } from '../texts';

/** The message for an error. The server's messages for input errors are shown as they are. */
export function errorText(reason: unknown): string {
  if (reason instanceof DOMException && reason.name === 'NotAllowedError') return texts.errors.notAllowed;
  if (!(reason instanceof ServerError)) return texts.errors.unreachable;
  switch (reason.code) {
    case 'RATE_LIMITED': return texts.errors.rateLimited(Math.max(1, Math.ceil((reason.retryAfterMs ?? 1_000) / 1_000)));
    case 'SERVICE_UNAVAILABLE': return texts.errors.busy;
    case 'INTERNAL_SERVER_ERROR': return texts.errors.internal;
    case 'NOT_FOUND': return texts.errors.notFound;
    case 'UNSUPPORTED_IMAGE': return texts.image.unsupported;
    case 'FORBIDDEN': return texts.errors.forbidden;
    case 'INVALID_CREDENTIALS': return texts.signIn.wrong;
    case 'EMAIL_TAKEN': return texts.signIn.taken;
    default: return sentence(reason.message);
  }
}

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
