// Implements the feed's Transport with requests and the socket.
import type { Transport } from '../feed';
import { EventsDocument, type EventsSubscription, type EventsSubscriptionVariables } from '../gql/graphql';
import { type Connection, onRetryNow } from './client';
import { fromSocketError } from './errors';
import { execute } from './execute';
import { type EventSink, isPolling, pollWithoutSocket } from './polling';
import { upload } from './upload';

export function createTransport(connection: Connection): Transport {
  const { client, socket } = connection;
  // Attempts that fail while events come by other means are no news.
  const disconnected = new Set<() => void>();
  const notify = () => { for (const listener of disconnected) listener(); };
  let isConnected = false;
  socket.on('connected', () => { isConnected = true; });
  socket.on('closed', () => {
    isConnected = false;
    if (!isPolling()) notify();
  });
  const onDisconnect = (listener: () => void) => {
    disconnected.add(listener);
    return () => disconnected.delete(listener);
  };
  return {
    // Only uploads take long enough for progress or cancelling to matter.
    request: (document, variables, onProgress, signal) =>
      onProgress ? upload(document, variables, onProgress, { onDisconnect, signal }) : execute(client, document, variables),
    subscribe: (document, variables, sink) => {
      let ended = false;
      const end = (reason?: unknown) => {
        if (!ended) sink.end(reason);
        ended = true;
        polling?.stop();
      };
      const isFeed = String(document) === String(EventsDocument);
      const polling = isFeed
        ? pollWithoutSocket({
          connection,
          isConnected,
          after: (variables as EventsSubscriptionVariables).after,
          sink: { next: sink.next as EventSink['next'], end },
          onDisconnect: notify,
        })
        : undefined;
      const stop = socket.subscribe({ query: document.toString(), variables: variables as Record<string, unknown> }, {
        next: ({ data }) => {
          sink.next(data as Parameters<typeof sink.next>[0]);
          polling?.seen((data as EventsSubscription).events);
        },
        error: (reason) => end(fromSocketError(reason)),
        complete: () => end(),
      });
      return () => {
        ended = true;
        polling?.stop();
        stop();
      };
    },
    onDisconnect,
    onRetryNow,
  };
}
