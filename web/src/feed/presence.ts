// Who is online.
import { OnlineDocument } from '../gql/graphql';
import type { Transport } from './transport';

/** In milliseconds. After a disconnect the last known state is shown this long: most disconnects are shorter. */
const STALE_AFTER = 5_000;

export class PresenceTracker {
  /** Ids of users who are online. Undefined while unknown. */
  online: ReadonlySet<string> | undefined;
  #staleTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly transport: Transport, private readonly changed: () => void) {}

  /** Subscribes. Returns a function that unsubscribes. */
  follow(): () => void {
    return this.transport.subscribe(OnlineDocument, {}, {
      next: ({ onlineUsers }) => this.#set(new Set(onlineUsers.map(({ id }) => id))),
      end: () => {}, // The subscription to events ends too, and handles the reason.
    });
  }

  onDisconnect(): void {
    this.#staleTimer ??= setTimeout(() => this.#set(undefined), STALE_AFTER);
  }

  stop(): void {
    clearTimeout(this.#staleTimer);
  }

  #set(online: ReadonlySet<string> | undefined): void {
    clearTimeout(this.#staleTimer);
    this.#staleTimer = undefined;
    this.online = online;
    this.changed();
  }
}
