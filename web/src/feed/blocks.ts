// Whom the user has blocked. In groups their messages still come, as there is one order for all: views hide them.
import { BlockDocument, type EventFragment, type PersonFragment, UnblockDocument } from '../gql/graphql';
import type { Transport } from './transport';

type BlockChanged = Extract<EventFragment, { __typename: 'BlockChanged' }>;

export class Blocks {
  /** Their ids. A new set with each change. */
  ids: ReadonlySet<string> = new Set();

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

  /** Replaces them by those of a snapshot. */
  set(people: readonly PersonFragment[]): void {
    for (const person of people) this.onPerson(person);
    this.ids = new Set(people.map(({ id }) => id));
    this.changed();
  }

  /** Blocks somebody, or ends that. */
  async change(userId: string, blocked: boolean): Promise<void> {
    if (blocked) await this.transport.request(BlockDocument, { userId });
    else await this.transport.request(UnblockDocument, { userId });
    this.#put(userId, blocked);
  }

  apply({ user, blocked }: BlockChanged): void {
    this.onPerson(user);
    this.#put(user.id, blocked);
    this.onBlock(user);
  }

  #put(id: string, blocked: boolean): void {
    const ids = new Set(this.ids);
    if (blocked) ids.add(id);
    else ids.delete(id);
    this.ids = ids;
    this.changed();
  }
}
