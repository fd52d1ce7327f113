// Converts errors of GraphQL responses and of urql into the feed's errors.
import { CombinedError } from 'urql';
import { ServerError } from '../feed';

/** An entry of `errors` in a GraphQL response. */
export interface ResponseError {
  message: string;
  extensions?: { code?: string; retryAfterMs?: number; field?: string };
}

export function toServerError({ message, extensions: { code, retryAfterMs, field } = {} }: ResponseError): ServerError {
  return new ServerError(message, code ?? 'UNKNOWN', retryAfterMs, field);
}

/** Converts an error of urql: to a {@link ServerError} if the server answered, otherwise to the cause of the network error. */
export function fromUrqlError(error: unknown): unknown {
  if (!(error instanceof CombinedError)) return error;
  const [first] = error.graphQLErrors;
  if (first) return toServerError(first);
  const cause = error.networkError as { code?: unknown } | undefined;
  // The server closes the socket with 4401 when there is no session, or it has ended.
  return cause?.code === 4401 ? new ServerError('signed out', 'UNAUTHENTICATED') : (cause ?? error);
}
