// Where a proxy lets no socket through: the same events, asked for page by page over POST. Nothing is lost, and everything comes
// some seconds later.
import { isSignedOut, isTransient } from '../feed';
import { EventsPageDocument, type EventsSubscription } from '../gql/graphql';
import { type Connection, onRetryNow } from './client';
import { execute } from './execute';

/** In milliseconds: between two pages, and while nobody looks. */
const [INTERVAL, HIDDEN_INTERVAL] = [2_500, 20_000];
/** In milliseconds. A socket that is not there by then does not come, as long as the server answers otherwise. */
const CONNECT_TIMEOUT = 8_000;
/** After this many sockets in a row that did not come while the server answered. */
const ENOUGH_FAILURES = 2;

type FeedEvent = EventsSubscription['events'];

export interface EventSink {
  next(result: EventsSubscription): void;
  end(reason?: unknown): void;
}

// ---- Whether it is so now, for the notice

let isPollingNow = false;
const listeners = new Set<() => void>();

export const isPolling = () => isPollingNow;
export function listenToPolling(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
function setPolling(next: boolean): void {
  if (next === isPollingNow) return;
  isPollingNow = next;
  for (const listener of listeners) listener();
}

interface PollOptions {
  connection: Connection;
  /** Whether the socket is there already. */
  isConnected: boolean;
  after: string;
  sink: EventSink;
  /** Called when the server cannot be reached this way either. */
  onDisconnect(): void;
}

/** Delivers events after `after` while there is no socket. `seen` has to be called with each event that a socket has brought. */
export function pollWithoutSocket({ connection: { client, socket }, isConnected, after, sink, onDisconnect }: PollOptions) {
  let cursor = after;
  let failures = 0;
  let isStopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let connecting: ReturnType<typeof setTimeout> | undefined;
  let isAsking = false;
  let wasConnected = isConnected;

  const ask = async (): Promise<boolean> => {
    const { events: page } = await execute(client, EventsPageDocument, { after: cursor });
    if (isStopped || !page) return false;
    for (const event of page.events) deliver(event as FeedEvent);
    cursor = page.cursor;
    return page.hasMore;
  };
  const deliver = (event: FeedEvent) => sink.next({ events: event });

  /** A socket may also hang, neither there nor refused. */
  const awaitConnection = () => {
    clearTimeout(connecting);
    connecting = setTimeout(() => onFailure(), CONNECT_TIMEOUT);
  };

  /** Asks for what is new, and again later while there is no socket. */
  const poll = async () => {
    clearTimeout(timer);
    if (isStopped || isAsking) return;
    isAsking = true;
    try {
      while (await ask());
      // It came meanwhile.
      if (isStopped || wasConnected) return;
      failures += 1;
      // Once it is known that no socket comes, a restart of the server does not change that.
      if (failures < ENOUGH_FAILURES && !isPollingNow) return awaitConnection();
      setPolling(true);
      deliver({ __typename: 'CaughtUp', cursor });
    } catch (reason) {
      if (isStopped) return;
      if (isSignedOut(reason) || !isTransient(reason)) return sink.end(reason);
      // The server is away, too: that is no fault of sockets.
      failures = 0;
      if (isPollingNow) onDisconnect();
    } finally {
      isAsking = false;
    }
    if (isPollingNow && !isStopped) timer = setTimeout(() => void poll(), document.hidden ? HIDDEN_INTERVAL : INTERVAL);
  };
  const onFailure = () => {
    clearTimeout(connecting);
    // A connection that was there is usually back soon: whoever asks at once does so together with everybody else.
    if (!wasConnected && !isPollingNow) void poll();
    wasConnected = false;
  };
  if (!isConnected) awaitConnection();
  const stops = [
    socket.on('connecting', awaitConnection),
    socket.on('connected', () => {
      clearTimeout(connecting);
      clearTimeout(timer);
      failures = 0;
      wasConnected = true;
      setPolling(false);
    }),
    socket.on('closed', onFailure),
    onRetryNow(() => { if (isPollingNow) void poll(); }),
  ];
  return {
    seen(event: FeedEvent): void { cursor = event.cursor; },
    stop(): void {
      isStopped = true;
      clearTimeout(timer);
      clearTimeout(connecting);
      for (const stop of stops) stop();
      setPolling(false);
    },
  };
}
