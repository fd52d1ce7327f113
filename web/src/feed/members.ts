// Who is in a conversation and how far they have read, for the conversations that somebody looks at.
import { MembersDocument, type PersonFragment } from '../gql/graphql';
import type { Member } from './entities';
import type { Line } from './line';

/** As many conversations' members as are kept. */
const KEPT = 8;

interface Known {
  members: readonly Member[];
  /** userId → the seq up to which they have read. */
  marks: ReadonlyMap<string, number>;
  /** Whether `members` are all. */
  complete: boolean;
  after: string | null;
}

const NOTHING: Known = { members: [], marks: new Map(), complete: false, after: null };

export class Members {
  readonly #known = new Map<string, Known>();
  readonly #loading = new Map<string, Promise<void>>();

  constructor(
    private readonly line: Line,
    private readonly learn: (person: PersonFragment) => void,
    private readonly changed: () => void,
  ) {}

  of(conversationId: string): Known {
    return this.#known.get(conversationId) ?? NOTHING;
  }

  /** Loads the first 100, or those behind what is loaded. */
  load(conversationId: string, more = false): Promise<void> {
    const under = this.#loading.get(conversationId);
    if (under || (this.#known.has(conversationId) && !more)) return under ?? Promise.resolve();
    const task = this.#read(conversationId, more).finally(() => this.#loading.delete(conversationId));
    this.#loading.set(conversationId, task);
    return task;
  }

  /** They changed: reads them anew where somebody looked. */
  async refresh(conversationId: string): Promise<void> {
    if (!this.#known.has(conversationId)) return;
    await this.#loading.get(conversationId)?.catch(() => {});
    await this.#read(conversationId, false).catch(() => this.#known.delete(conversationId));
  }

  moveMark(conversationId: string, userId: string, seq: number): void {
    const known = this.#known.get(conversationId);
    if (!known || (known.marks.get(userId) ?? 0) >= seq) return;
    this.#known.set(conversationId, { ...known, marks: new Map(known.marks).set(userId, seq) });
    this.changed();
  }

  clear(): void {
    this.#known.clear();
  }

  async #read(id: string, more: boolean): Promise<void> {
    const before = more ? this.of(id) : NOTHING;
    const { conversation } = await this.line.request(MembersDocument, { id, after: before.after });
    if (!conversation) return;
    const { nodes, pageInfo } = conversation.members;
    for (const { user } of nodes) this.learn(user);
    const marks = new Map(before.marks);
    // Marks that moved while this was on its way are ahead of it.
    for (const { user, lastReadSeq } of nodes) {
      marks.set(user.id, Math.max(lastReadSeq, this.of(id).marks.get(user.id) ?? 0));
    }
    const members = nodes.map(({ user, role, joinedAt }) => ({ userId: user.id, role, joinedAt }));
    this.#known.delete(id);
    this.#known.set(id, {
      members: [...before.members, ...members],
      marks,
      complete: !pageInfo.hasNextPage,
      after: pageInfo.endCursor,
    });
    for (const oldest of [...this.#known.keys()].slice(0, -KEPT)) this.#known.delete(oldest);
    this.changed();
  }
}
