// What was begun and not sent yet, one of each conversation, as long as the tab lives.
import { useMemo, useSyncExternalStore } from 'react';
import type { Draft, Message } from '../feed';

export type Reply = NonNullable<Draft['replyTo']>;

/** A message that is being edited, as far as it is changed. */
export interface Edit {
  id: string;
  seq: number;
  text: string | null;
  hasImage: boolean;
  changed: string;
}

export interface ComposerDraft {
  text: string;
  reply?: Reply | undefined;
  /** Borrows the field; the text comes back after it. */
  edit?: Edit | undefined;
  /** Edits that could not be made, or gave way to something else. */
  unsaved: readonly Edit[];
}

export const replyTo = ({ id, seq, senderId, text }: Message): Reply => ({ id, seq, senderId, text });

export const editOf = ({ id, seq, text, image }: Message): Edit =>
  ({ id, seq, text, hasImage: image !== null, changed: text ?? '' });

/** The field is wanted for something else: an edit in it that has changed anything waits beside it. */
export function aside({ edit, ...begun }: ComposerDraft): ComposerDraft {
  return edit && edit.changed !== (edit.text ?? '') ? withUnsaved(begun, edit) : begun;
}

/** Gives up the edit, or else the reply. */
export const stopped = ({ edit, reply, ...begun }: ComposerDraft): ComposerDraft => (edit ? { ...begun, reply } : begun);

/** Of a message one edit waits: the last one. */
export const withUnsaved = (begun: ComposerDraft, edit: Edit): ComposerDraft =>
  ({ ...begun, unsaved: [...without(begun, edit).unsaved, edit] });

export const without = (begun: ComposerDraft, { id }: Edit): ComposerDraft =>
  ({ ...begun, unsaved: begun.unsaved.filter((edit) => edit.id !== id) });

// ---- Where it is kept: the tab's storage is all that is known of it, so that whoever clears that has cleared all.

const key = (where: string) => `parlour.draft.${where}`;
const keptAt = (where: string) => sessionStorage.getItem(key(where)) ?? '';
const read = (kept: string): ComposerDraft => (kept ? (JSON.parse(kept) as ComposerDraft) : { text: '', unsaved: [] });
const listeners = new Set<() => void>();

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useDraft(where: string): ComposerDraft {
  const kept = useSyncExternalStore(listen, () => keptAt(where));
  return useMemo(() => read(kept), [kept]);
}

/** Changes what is kept by now, which may be more than was shown last. */
export function changeDraft(where: string, change: (begun: ComposerDraft) => ComposerDraft): void {
  const next = change(read(keptAt(where)));
  if (next.text || next.reply || next.edit || next.unsaved.length) sessionStorage.setItem(key(where), JSON.stringify(next));
  else sessionStorage.removeItem(key(where));
  for (const listener of listeners) listener();
}
