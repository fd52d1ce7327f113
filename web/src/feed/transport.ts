// What the feed needs from a GraphQL client. The pages' implementation is ../api/transport.ts; write one for your own client.
import type { TypedDocumentString } from '../gql/graphql';

export type { TypedDocumentString };

export interface Transport {
  /**
   * Sends an operation once. Rejects with a {@link ServerError} if the server answered with an error, and with anything else
   * if it was not reached. `onProgress` is passed if the variables contain a Blob: send a multipart request then, and report
   * the uploaded fraction from 0 to 1. `signal` aborts the request, which may or may not still arrive.
   */
  request<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
    onProgress?: (fraction: number) => void,
    signal?: AbortSignal,
  ): Promise<Result>;
  /**
   * Subscribes, reconnects automatically, and resumes after the last cursor that `next` handled, as the README's
   * `parlourSocket` does. `end` is called when the server ended the subscription for good: with an error, or without one
   * when the session is over. Returns a function that unsubscribes.
   */
  subscribe<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
    sink: { next(result: Result): void; end(reason?: unknown): void },
  ): () => void;
  /** Calls the listener each time the socket disconnects. Returns a function that stops it. */
  onDisconnect(listener: () => void): () => void;
  /**
   * Calls the listener when pending retries should run at once: the browser is back online, or the page is visible again.
   * Returns a function that stops it.
   */
  onRetryNow(listener: () => void): () => void;
}

/** An error that the server answered with. `code` is an ErrorCode, or a standard code for a malformed request. */
export class ServerError extends Error {
  constructor(
    message: string,
    readonly code: string,
    /** For RATE_LIMITED and SERVICE_UNAVAILABLE: how long to wait before retrying. */
    readonly retryAfterMs?: number,
    /** For input errors: the argument at fault. */
    readonly field?: string,
  ) {
    super(message);
  }
}

/** Codes of errors that do not depend on the request: a retry may succeed. */
const TRANSIENT_CODES = new Set(['RATE_LIMITED', 'SERVICE_UNAVAILABLE', 'INTERNAL_SERVER_ERROR']);

/** Whether a retry of the same request may succeed: the server was not reached, or answered with a transient error. */
export const isTransient = (reason: unknown) => !(reason instanceof ServerError) || TRANSIENT_CODES.has(reason.code);

/** Whether the server failed with an internal error. */
export const isInternalError = (reason: unknown) => reason instanceof ServerError && reason.code === 'INTERNAL_SERVER_ERROR';

/** Whether the session is over. */
export const isSignedOut = (reason: unknown) => reason instanceof ServerError && reason.code === 'UNAUTHENTICATED';
