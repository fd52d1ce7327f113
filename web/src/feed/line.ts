// What the feed needs of a GraphQL client: implement it with the one you have. The pages' own is ../api/line.ts.
import type { TypedDocumentString } from '../gql/graphql';

export type { TypedDocumentString };

export interface Line {
  /**
   * Asks once. Rejects with a {@link Refusal} when the server refused, with anything else when it was not reached.
   * `onProgress` is given where a Blob is among the variables: it goes as a multipart request, and is told how much of
   * it is on the way, from 0 to 1. With `signal` it may be told that nobody wants the answer any more: what is on the way
   * need not arrive then.
   */
  request<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
    onProgress?: (share: number) => void,
    signal?: AbortSignal,
  ): Promise<Result>;
  /**
   * Subscribes, comes back by itself after a cut, and resumes after the last cursor that `next` has handled: the
   * README's `parlourSocket` does. `end` is told when the server ended it for good: by a refusal, or (without a reason)
   * because the session is over. Answers with what ends it from this side.
   */
  subscribe<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
    sink: { next(result: Result): void; end(reason?: unknown): void },
  ): () => void;
  /** Tells of each time the socket is cut. Answers with what ends that. */
  onCut(listener: () => void): () => void;
  /**
   * Tells when it is worth trying at once what waits for a better time: the browser is online again, or somebody looks at
   * the page again.
   */
  onHope(listener: () => void): () => void;
}

/** What the server said no to. `code` is one of ErrorCode, or of the standard codes of malformed requests. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly code: string,
    /** For RATE_LIMITED and SERVICE_UNAVAILABLE: when to try again. */
    readonly retryAfterMs?: number,
    /** For input errors: which argument. */
    readonly field?: string,
  ) {
    super(message);
  }
}

/** Codes after which the same request may well succeed: the line is not to blame, nor is the request. */
const PASSING = new Set(['RATE_LIMITED', 'SERVICE_UNAVAILABLE', 'INTERNAL_SERVER_ERROR']);

/** Whether the same request is worth repeating: the server was not reached, or asked for patience. */
export const isPassing = (reason: unknown) => !(reason instanceof Refusal) || PASSING.has(reason.code);

/** Whether the server failed at it, by a fault of its own. */
export const isFault = (reason: unknown) => reason instanceof Refusal && reason.code === 'INTERNAL_SERVER_ERROR';

/** Whether the session is over. */
export const isSignedOut = (reason: unknown) => reason instanceof Refusal && reason.code === 'UNAUTHENTICATED';
