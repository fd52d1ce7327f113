// Drafts: the unsent text, reply and edits of each conversation, for the lifetime of the tab.
import { useMemo, useSyncExternalStore } from 'react';
import type { Message, MessageDraft } from '../feed';
import { type Call, callsOf } from './calls';

export type DraftReply = NonNullable<MessageDraft['replyTo']>;

/** A message being edited. */
export interface DraftEdit {
  id: string;
  seq: number;
  text: string | null;
  hasImage: boolean;
  metadata?: Message['metadata'];
  mentionsEveryone?: boolean;
  /** Whom the message calls by name. Drafts of older pages do not say it. */
  called?: readonly Call[];
  /** The edited text. */
  changed: string;
  /** Whom it calls in addition, as far as their names still stand in it. */
  calls?: readonly Call[];
}

export interface ComposerDraft {
  text: string;
  /** Whom it calls, as far as their names still stand in it. */
  calls?: readonly Call[];
  reply?: DraftReply | undefined;
  /** Shown in the field instead of `text`, which is restored afterwards. */
  edit?: DraftEdit | undefined;
  /** Edits that failed, or were set aside. */
  unsaved: readonly DraftEdit[];
}

export const replyTo = ({ id, seq, senderId, text, mentions, mentionsEveryone, calledAs }: Message): DraftReply =>
  ({ id, seq, senderId, text, mentions, mentionsEveryone, calledAs });

export const editOf = (message: Message): DraftEdit => {
  const { id, seq, text, image, metadata, mentionsEveryone } = message;
  return { id, seq, text, hasImage: image !== null, metadata, mentionsEveryone, called: callsOf(message), changed: text ?? '' };
};

/** Adds somebody who is called to what is being written. */
export const withCall = ({ edit, ...draft }: ComposerDraft, call: Call): ComposerDraft =>
  (edit ? { ...draft, edit: { ...edit, calls: [...edit.calls ?? [], call] } } : { ...draft, calls: [...draft.calls ?? [], call] });

/** Frees the field: an edit in it becomes an unsaved one, if it has changes. */
export function setEditAside({ edit, ...draft }: ComposerDraft): ComposerDraft {
  return edit && edit.changed !== (edit.text ?? '') ? withUnsaved(draft, edit) : draft;
}

/** Cancels the edit, or the reply if there is no edit. */
export const cancelled = ({ edit, reply, ...draft }: ComposerDraft): ComposerDraft => (edit ? { ...draft, reply } : draft);

/** Adds an unsaved edit, replacing an earlier one of the same message. */
export const withUnsaved = (draft: ComposerDraft, edit: DraftEdit): ComposerDraft =>
  ({ ...draft, unsaved: [...withoutUnsaved(draft, edit).unsaved, edit] });

export const withoutUnsaved = (draft: ComposerDraft, { id }: DraftEdit): ComposerDraft =>
  ({ ...draft, unsaved: draft.unsaved.filter((edit) => edit.id !== id) });

// ---- Storage: the tab's session storage is the only copy, so clearing it removes all drafts.

const storageKey = (draftKey: string) => `parlour.draft.${draftKey}`;
const storedAt = (draftKey: string) => sessionStorage.getItem(storageKey(draftKey)) ?? '';
const parse = (stored: string): ComposerDraft => (stored ? (JSON.parse(stored) as ComposerDraft) : { text: '', unsaved: [] });
const listeners = new Set<() => void>();

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useComposerDraft(draftKey: string): ComposerDraft {
  const stored = useSyncExternalStore(listen, () => storedAt(draftKey));
  return useMemo(() => parse(stored), [stored]);
}

/** Changes the stored draft, which may be newer than the one last rendered. */
export function changeComposerDraft(draftKey: string, change: (draft: ComposerDraft) => ComposerDraft): void {
  const next = change(parse(storedAt(draftKey)));
  if (next.text || next.reply || next.edit || next.unsaved.length) sessionStorage.setItem(storageKey(draftKey), JSON.stringify(next));
  else sessionStorage.removeItem(storageKey(draftKey));
  for (const listener of listeners) listener();
}
