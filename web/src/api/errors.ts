// Converts errors of GraphQL responses and of the socket into the feed's errors.
import { ServerError } from '../feed';

/** An entry of `errors` in a GraphQL response. */
export interface ResponseError {
  message: string;
  extensions?: { code?: string; retryAfterMs?: number; field?: string };
}

export function toServerError({ message, extensions: { code, retryAfterMs, field } = {} }: ResponseError): ServerError {
  return new ServerError(message, code ?? 'UNKNOWN', retryAfterMs, field);
}

/** Converts what a subscription ended with: errors of the server, the event of a closed socket, or anything else. */
export function fromSocketError(reason: unknown): unknown {
  if (Array.isArray(reason) && reason[0]) return toServerError(reason[0] as ResponseError);
  // The server closes the socket with 4401 when there is no session, or it has ended.
  return (reason as { code?: unknown } | null)?.code === 4401 ? new ServerError('signed out', 'UNAUTHENTICATED') : reason;
}
