// Who is online.
import { OnlineDocument } from '../gql/graphql';
import type { Line } from './line';

/** So long after a cut it is still taken for known, in milliseconds: most cuts are shorter. */
const DOUBT = 5_000;

export class Presence {
  /** By id. Undefined while nobody knows. */
  online: ReadonlySet<string> | undefined;
  #doubt: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly line: Line, private readonly changed: () => void) {}

  /** Follows the others; answers with what ends that. */
  follow(): () => void {
    return this.line.subscribe(OnlineDocument, {}, {
      next: ({ onlineUsers }) => this.#know(new Set(onlineUsers.map(({ id }) => id))),
      end: () => {}, // The events' subscription hears of it too, and says what it means.
    });
  }

  /** The line is cut. */
  doubt(): void {
    this.#doubt ??= setTimeout(() => this.#know(undefined), DOUBT);
  }

  stop(): void {
    clearTimeout(this.#doubt);
  }

  #know(online: ReadonlySet<string> | undefined): void {
    clearTimeout(this.#doubt);
    this.#doubt = undefined;
    this.online = online;
    this.changed();
  }
}
