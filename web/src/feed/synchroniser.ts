// Loads a snapshot and follows the events from its cursor on, and begins again when they end.
import { EventsDocument, type EventsSubscription } from '../gql/graphql';
import type { RetryPolicy } from './retry-policy';
import { loadSnapshot, type Snapshot } from './snapshot';
import { isSignedOut, type Transport } from './transport';

export interface SynchroniserOptions {
  transport: Transport;
  retryPolicy: RetryPolicy;
  /** What else is followed as long as events are. */
  beside: readonly { follow(): () => void }[];
  /** Returns false if the snapshot is of somebody else. */
  onSnapshot(snapshot: Snapshot): boolean;
  onEvent(event: EventsSubscription['events']): void;
  /** Something may be missing until the event CaughtUp. */
  onBehind(): void;
  onSignedOut(): void;
}

export class Synchroniser {
  #generation = 0;
  #unfollow = () => {};

  constructor(private readonly options: SynchroniserOptions) {}

  /** Returns whether no other snapshot was begun since, nor all of it stopped. */
  whileCurrent(): () => boolean {
    const generation = this.#generation;
    return () => generation === this.#generation;
  }

  /** Resolves when the snapshot is loaded. */
  async loadSnapshot(): Promise<void> {
    const { transport, retryPolicy, onSnapshot, onSignedOut } = this.options;
    this.stop();
    const isCurrent = this.whileCurrent();
    // Being signed out is final; every other error is retried.
    const snapshot = await retryPolicy.run(() => loadSnapshot(transport), isCurrent, isSignedOut).catch(() => undefined);
    if (!isCurrent()) return;
    if (snapshot && onSnapshot(snapshot)) this.#follow(snapshot.feedCursor);
    else onSignedOut();
  }

  stop(): void {
    this.#generation += 1;
    this.#unfollow();
  }

  #follow(after: string): void {
    const { transport, retryPolicy, beside, onEvent, onBehind, onSignedOut } = this.options;
    const isCurrent = this.whileCurrent();
    const stops = beside.map((other) => other.follow());
    stops.push(transport.subscribe(EventsDocument, { after }, {
      next: ({ events }) => onEvent(events),
      end: (reason) => {
        // Some clients call `end` for subscriptions that were ended from this side, too.
        if (!isCurrent()) return;
        if (isSignedOut(reason)) return onSignedOut();
        onBehind();
        void retryPolicy.newBackoff()(reason).then(() => { if (isCurrent()) void this.loadSnapshot(); });
      },
    }));
    this.#unfollow = () => { for (const stop of stops.splice(0)) stop(); };
    onBehind();
  }
}
