// Executes operations with urql, and implements the feed's Transport with it.
import { type AnyVariables, type Client, CombinedError } from 'urql';
import type { Transport } from '../feed';
import type { TypedDocumentString } from '../gql/graphql';
import { type Connection, onRetryNow } from './client';
import { fromUrqlError } from './errors';
import { upload } from './upload';

/** Sends a query or mutation once. Rejects with a `ServerError` if the server answered with an error, else with the network's. */
export async function execute<Result, Variables>(
  client: Client,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  const text = document.toString();
  const isMutation = text.trimStart().startsWith('mutation');
  // `keepalive` lets a mutation finish when the page is closed meanwhile.
  const { data, error } = await (isMutation
    ? client.mutation(text, variables as AnyVariables, { fetchOptions: { keepalive: true } })
    : client.query(text, variables as AnyVariables)).toPromise();
  if (error) throw fromUrqlError(error);
  return data as Result;
}

export function createTransport({ client, socket }: Connection): Transport {
  const onDisconnect = (listener: () => void) => socket.on('closed', listener);
  return {
    // Only uploads take long enough for progress or cancelling to matter.
    request: (document, variables, onProgress, signal) =>
      onProgress ? upload(document, variables, onProgress, { onDisconnect, signal }) : execute(client, document, variables),
    subscribe: (document, variables, sink) => {
      let ended = false;
      const end = (reason?: unknown) => {
        if (!ended) sink.end(reason);
        ended = true;
      };
      // Subscribes on the socket itself: urql does not report that a subscription completed.
      const stop = socket.subscribe({ query: document.toString(), variables: variables as Record<string, unknown> }, {
        next: ({ data }) => sink.next(data as Parameters<typeof sink.next>[0]),
        error: (reason) => end(fromUrqlError(new CombinedError({ networkError: reason as Error }))),
        complete: () => end(),
      });
      return () => {
        ended = true;
        stop();
      };
    },
    onDisconnect,
    onRetryNow,
  };
}
