// The members of conversations that were opened, and how far each has read.
import { MembersDocument, type PersonFragment } from '../gql/graphql';
import type { Member } from './entities';
import type { Transport } from './transport';

/** The members of this many conversations are kept. */
const MAX_CONVERSATIONS = 8;

interface LoadedMembers {
  members: readonly Member[];
  /** userId → the seq up to which that user has read. */
  marks: ReadonlyMap<string, number>;
  /** Whether `members` holds all members. */
  complete: boolean;
  after: string | null;
}

const NOT_LOADED: LoadedMembers = { members: [], marks: new Map(), complete: false, after: null };

export class Members {
  readonly #loaded = new Map<string, LoadedMembers>();
  readonly #loading = new Map<string, Promise<void>>();

  constructor(
    private readonly transport: Transport,
    private readonly onPerson: (person: PersonFragment) => void,
    private readonly changed: () => void,
  ) {}

  of(conversationId: string): LoadedMembers {
    return this.#loaded.get(conversationId) ?? NOT_LOADED;
  }

  /** Loads the first 100 members, or with `more` the next page. */
  load(conversationId: string, more = false): Promise<void> {
    const inFlight = this.#loading.get(conversationId);
    if (inFlight || (this.#loaded.has(conversationId) && !more)) return inFlight ?? Promise.resolve();
    const task = this.#fetch(conversationId, more).finally(() => this.#loading.delete(conversationId));
    this.#loading.set(conversationId, task);
    return task;
  }

  /** Reloads the members of a conversation if they are loaded. */
  async refresh(conversationId: string): Promise<void> {
    if (!this.#loaded.has(conversationId)) return;
    await this.#loading.get(conversationId)?.catch(() => {});
    await this.#fetch(conversationId, false).catch(() => this.#loaded.delete(conversationId));
  }

  moveMark(conversationId: string, userId: string, seq: number): void {
    const known = this.#loaded.get(conversationId);
    if (!known || (known.marks.get(userId) ?? 0) >= seq) return;
    this.#loaded.set(conversationId, { ...known, marks: new Map(known.marks).set(userId, seq) });
    this.changed();
  }

  clear(): void {
    this.#loaded.clear();
  }

  async #fetch(id: string, more: boolean): Promise<void> {
    const before = more ? this.of(id) : NOT_LOADED;
    const { conversation } = await this.transport.request(MembersDocument, { id, after: before.after });
    if (!conversation) return;
    const { nodes, pageInfo } = conversation.members;
    for (const { user } of nodes) this.onPerson(user);
    const marks = new Map(before.marks);
    // Marks may have moved by events while the request was in flight.
    for (const { user, lastReadSeq } of nodes) {
      marks.set(user.id, Math.max(lastReadSeq, this.of(id).marks.get(user.id) ?? 0));
    }
    const members = nodes.map(({ user, role, joinedAt }) => ({ userId: user.id, role, joinedAt }));
    this.#loaded.delete(id);
    this.#loaded.set(id, {
      members: [...before.members, ...members],
      marks,
      complete: !pageInfo.hasNextPage,
      after: pageInfo.endCursor,
    });
    for (const oldest of [...this.#loaded.keys()].slice(0, -MAX_CONVERSATIONS)) this.#loaded.delete(oldest);
    this.changed();
  }
}
