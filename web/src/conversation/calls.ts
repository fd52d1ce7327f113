// Whom a text calls that is being written: those who were chosen, as long as their names stand in it.
import { LISTED_MENTIONS, type Mentions, type Message, type MessageDraft } from '../feed';
import { placesOf } from './mentions';

/** A person who is called, or everybody. */
export interface Call {
  /** Undefined for everybody. */
  id?: string | undefined;
  /** As it stands in the text, without the `@`. */
  name: string;
}

/** Those whose names stand in a text. */
const standing = (text: string, calls: readonly Call[]): readonly Call[] => {
  const names = new Set(placesOf(text, calls).map(({ call }) => call.name));
  return calls.filter(({ name }) => names.has(name));
};

const idsOf = (calls: readonly Call[]) => [...new Set(calls.flatMap(({ id }) => id ?? []))];
/** The names of as many as will be listed: the server keeps no more than 4 KiB beside a message. */
const namesOf = (calls: readonly Call[]): Record<string, string> =>
  Object.fromEntries(calls.flatMap(({ id, name }) => (id ? [[id, name] as const] : [])).slice(0, LISTED_MENTIONS));

/** Whom a new message calls. */
export function callsIn(text: string, calls: readonly Call[]): Pick<MessageDraft, 'mentionIds' | 'mentionEveryone' | 'calledAs'> {
  const left = standing(text, calls);
  const ids = idsOf(left);
  return { ...(ids.length > 0 && { mentionIds: ids, calledAs: namesOf(left) }), ...(left.some(({ id }) => id === undefined) && { mentionEveryone: true as const }) };
}

/** Whom a message calls by name, as it is written there. */
export const callsOf = ({ mentions, calledAs }: Mentions): readonly Call[] => mentions.map(({ id, fullName }) => ({ id, name: calledAs[id] ?? fullName }));

/** Whether an edit may change whom its message calls: only if it knows all of them, as it replaces them. */
export const canChangeCalls = (called: readonly Call[] | undefined): called is readonly Call[] => called !== undefined && called.length < LISTED_MENTIONS;

/** Whom an edit calls from now on; undefined if that is whom its message called before. */
export function callsOfEdit(
  { called, ...before }: { text: string | null; metadata?: Message['metadata']; called?: readonly Call[] }, text: string, calls: readonly Call[],
): { mentionIds: string[]; metadata: Record<string, unknown> | null } | undefined {
  if (!canChangeCalls(called)) return undefined;
  const stood = standing(before.text ?? '', called);
  const left = standing(text, [...called, ...calls]);
  const [names, ids] = [namesOf(left), idsOf(left)];
  if (JSON.stringify([names, ids]) === JSON.stringify([namesOf(stood), idsOf(stood)])) return undefined;
  // Whoever was called without a name in the text still is.
  const unnamed = called.filter((call) => !stood.includes(call));
  const { calledAs: _, ...others } = before.metadata ?? {};
  const metadata = { ...others, ...(ids.length > 0 && { calledAs: names }) };
  return { mentionIds: [...new Set([...idsOf(unnamed), ...ids])], metadata: Object.keys(metadata).length > 0 ? metadata : null };
}

/** What others will see marked. */
export const shownCalls = (calls: readonly Call[], mentionsEveryone: boolean): Mentions => ({
  mentions: calls.flatMap(({ id, name }) => (id ? [{ id, fullName: name }] : [])),
  mentionsEveryone,
  calledAs: Object.fromEntries(calls.flatMap(({ id, name }) => (id ? [[id, name]] : []))),
});
