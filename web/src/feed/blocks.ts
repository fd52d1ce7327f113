// Whom the user has blocked. In groups their messages still come, as there is one order for all: views hide them.
import { BlockDocument, BlockedUsersDocument, type BlockedUsersQuery, type EventFragment, type PersonFragment, UnblockDocument } from '../gql/graphql';
import type { Transport } from './transport';

type BlockChanged = Extract<EventFragment, { __typename: 'BlockChanged' }>;

export class Blocks {
  /** Their ids. A new set with each change. */
  ids: ReadonlySet<string> = new Set();
  /** What has changed while the list was on its way. */
  #changes: Map<string, boolean> | undefined;

  constructor(
    private readonly transport: Transport,
    private readonly onPerson: (person: PersonFragment) => void,
    private readonly changed: () => void,
    /** Called when an event says that somebody was blocked, or no longer is. */
    private readonly onBlock: (person: PersonFragment) => void,
  ) {}

  has(userId: string): boolean {
    return this.ids.has(userId);
  }

  /** Loads all of them: the server allows some thousand. */
  async load(): Promise<void> {
    const changes = (this.#changes = new Map());
    const ids = new Set<string>();
    for (let after: string | null = null, hasMore = true; hasMore;) {
      const { blockedUsers: { nodes, pageInfo } }: BlockedUsersQuery = await this.transport.request(BlockedUsersDocument, { after });
      for (const person of nodes) {
        this.onPerson(person);
        ids.add(person.id);
      }
      after = pageInfo.endCursor;
      hasMore = pageInfo.hasNextPage && after !== null;
    }
    if (changes !== this.#changes) return;
    this.#changes = undefined;
    this.ids = ids;
    for (const [id, blocked] of changes) this.#set(id, blocked);
    this.changed();
  }

  /** Blocks somebody, or ends that. */
  async change(userId: string, blocked: boolean): Promise<void> {
    if (blocked) await this.transport.request(BlockDocument, { userId });
    else await this.transport.request(UnblockDocument, { userId });
    this.#set(userId, blocked);
  }

  apply({ user, blocked }: BlockChanged): void {
    this.onPerson(user);
    this.#set(user.id, blocked);
    this.onBlock(user);
  }

  #set(id: string, blocked: boolean): void {
    this.#changes?.set(id, blocked);
    const ids = new Set(this.ids);
    if (blocked) ids.add(id);
    else ids.delete(id);
    this.ids = ids;
    this.changed();
  }
}
