// The composer. Enter sends, Shift+Enter inserts a line break, Arrow Up edits the user's last message, Escape cancels an edit or
// a reply. On a touch screen Enter inserts a line break.
import { SendHorizontal, Smile, X } from 'lucide-react';
import { type ClipboardEvent, type KeyboardEvent, type ReactNode, type Ref, useDeferredValue, useEffect, useImperativeHandle, useMemo, useRef, useState } from 'react';
import { useFeed, useSession } from '../app/session';
import { errorText } from '../app/error-text';
import { type Conversation, type ConversationRef, type Message, ServerError } from '../feed';
import { texts } from '../texts';
import { ImageChooser, isImage } from '../ui/image-chooser';
import { onDemand } from '../ui/on-demand';
import { useShowNotice, useShowError } from '../ui/toasts';
import { AttachmentPreview, useImageAttachment } from './image-attachment';
import {
  cancelled, changeComposerDraft, type ComposerDraft, type DraftEdit, editOf, replyTo, setEditAside, useComposerDraft, withCall, withoutUnsaved, withUnsaved,
} from './composer-draft';
import { keepFocus, opensKeyboard, useTypingFocus } from './keep-focus';
import { callsIn, callsOfEdit, canChangeCalls, shownCalls } from './calls';
import { emojiSource, mentionSource } from './completion-sources';
import { continueLine, insertText, toggleMark } from './insert-text';
import { useOneLine } from './mentions';
import { asSent, hasVisibleText, isFormatted, plainText } from './message-format';
import { MessageText } from './message-text';
import { useCompletion } from './use-completion';

const words = texts.composer;
const EmojiPicker = onDemand(() => import('../emoji/emoji-picker').then((module) => module.EmojiPicker), { isLarge: true });
/** From this many remaining characters on, they are counted. */
const COUNT_FROM = 200;

export interface ComposerHandle {
  focus(): void;
  /** Focuses the field, unless that would open an on-screen keyboard. */
  focusWithoutKeyboard(): void;
  reply(message: Message): void;
  edit(message: Message): void;
  /** Attaches the first image of dropped files. */
  attach(files: readonly File[]): void;
}

interface ComposerProps {
  ref: Ref<ComposerHandle>;
  recipient: ConversationRef;
  name: string;
  conversation: Conversation | undefined;
}

/** The `keyCode` of keys that an input method has used. */
const COMPOSITION_KEY = 229;

/** What Ctrl with a letter puts around the selection. */
const MARKS: Record<string, '*' | '_'> = { b: '*', i: '_' };

/** On-screen keyboards have no Shift+Enter. */
const isTouch = () => matchMedia('(pointer: coarse)').matches;

/** Whether an edit can never succeed: its message is deleted or not accessible. */
const isGone = (reason: unknown) => reason instanceof ServerError && (reason.code === 'NOT_FOUND' || reason.field === 'id');

export function Composer({ ref, recipient, name, conversation }: ComposerProps) {
  const { feed, limits } = useSession();
  const [showNotice, showError] = [useShowNotice(), useShowError()];
  const field = useRef<HTMLTextAreaElement>(null);
  // The key stays the same when the first message to a person creates the conversation, so text written meanwhile is kept.
  const draftKey = conversation?.otherUserId ?? recipient.conversationId ?? recipient.userId ?? '';
  const draft = useComposerDraft(draftKey);
  const { edit, unsaved } = draft;
  const text = edit ? edit.changed : draft.text;
  // Incremented with each change by the user.
  const changeCount = useRef(0);
  const change = (next: (draft: ComposerDraft) => ComposerDraft) => {
    changeCount.current += 1;
    changeComposerDraft(draftKey, next);
  };
  const focus = () => field.current?.focus();
  const beginEdit = (next: DraftEdit) => {
    change((draft) => ({ ...withoutUnsaved(setEditAside(draft), next), edit: next }));
    focus();
  };
  const editMessage = (message: Message) =>
    beginEdit(setEditAside(draft).unsaved.find(({ id }) => id === message.id) ?? editOf(message));
  const cancel = () => {
    change(cancelled);
    focus();
  };

  // The current version of the edited or quoted message, which may change meanwhile.
  const targetMessage = edit ?? draft.reply;
  const current = useFeed((feed) => targetMessage && conversation && feed.history(conversation.id).at(targetMessage.seq));
  const reply = draft.reply && { ...draft.reply, ...(!edit && current && replyTo(current)) };
  const replyText = useOneLine(reply);
  useEffect(() => {
    if (!current?.deletedAt) return;
    if (edit) showError(words.editLost);
    else showNotice(words.replyLost);
    change(cancelled);
  }, [current, edit?.id]);

  const attachment = useImageAttachment(draftKey);
  const image = edit ? undefined : attachment.image;
  const attach = async (files: readonly File[]) => {
    const file = files.find(isImage) ?? files[0];
    if (!file) return;
    changeCount.current += 1;
    focus();
    if (files.length > 1) showNotice(texts.image.onlyOne(file.name));
    else if (image) showNotice(texts.image.replaced(file.name));
    if ((await attachment.attach(file)) && edit) showNotice(texts.image.afterEdit);
  };
  const focusWithoutKeyboard = () => { if (!opensKeyboard()) focus(); };
  useImperativeHandle(ref, () => ({
    focus,
    focusWithoutKeyboard,
    attach,
    reply: (message) => {
      change((draft) => ({ ...setEditAside(draft), reply: replyTo(message) }));
      focus();
    },
    edit: editMessage,
  }));
  useEffect(focusWithoutKeyboard, []);
  useTypingFocus(field);
  // An edit can call people, but not everybody, and nobody new if it does not know all whom its message calls.
  const mentions = mentionSource(feed, conversation, !edit, (call) => changeComposerDraft(draftKey, (draft) => withCall(draft, call)));
  const completion = useCompletion(field, !edit || canChangeCalls(edit.called) ? [emojiSource, mentions] : [emojiSource]);
  const emojiButton = useRef<HTMLButtonElement>(null);
  const [isPicking, setPicking] = useState(false);

  const onTextChange = (next: string) => {
    completion.update();
    change((draft) => (draft.edit ? { ...draft, edit: { ...draft.edit, changed: next } } : { ...draft, text: next }));
    if (!edit) feed.typing.signal(recipient, next.trim() !== '');
  };

  const written = asSent(text);
  // What others will see, where it is not what is typed.
  const preview = useDeferredValue(written);
  const hasPreview = useMemo(() => isFormatted(preview), [preview]);
  const calls = edit ? [...edit.called ?? [], ...edit.calls ?? []] : draft.calls ?? [];
  const isCallingAll = edit ? edit.mentionsEveryone === true : calls.some(({ id }) => id === undefined);
  const remaining = limits.messageLength - [...written].length;
  // An edit may remove the text of an image.
  const mayBeEmpty = image !== undefined || edit?.hasImage;
  const canSend = (hasVisibleText(written) || (written === '' && mayBeEmpty)) && remaining >= 0;

  function send() {
    if (!canSend) return;
    if (edit) return void save({ ...edit, changed: written });
    feed.send({ to: recipient, text: written, ...callsIn(written, calls), ...(image && { image }), ...(reply && { replyTo: reply }) });
    change(({ unsaved }) => ({ text: '', unsaved }));
    attachment.remove();
  }

  async function save(savedEdit: DraftEdit) {
    change(({ edit, ...draft }) => draft);
    const countBefore = changeCount.current;
    try {
      const { id, changed } = savedEdit;
      await feed.edit({ id, text: changed, ...callsOfEdit(savedEdit, changed, savedEdit.calls ?? []) });
    } catch (reason) {
      if (isGone(reason)) return showError(words.editLost);
      showError(words.editFailed(errorText(reason)));
      // Restore the edit, or keep it as an unsaved one if the user has changed something else or left the conversation.
      if (field.current && changeCount.current === countBefore) change((draft) => ({ ...draft, edit: savedEdit }));
      else changeComposerDraft(draftKey, (draft) => withUnsaved(draft, savedEdit));
    }
  }

  function paste(event: ClipboardEvent) {
    const images = [...event.clipboardData.files].filter(isImage);
    // Spreadsheets and word processors also copy a picture of the text; file managers also copy the name of the file.
    const plainTextBeside = event.clipboardData.getData('text/plain');
    if (images.length === 0 || (plainTextBeside.trim() && plainTextBeside !== images[0]?.name)) return;
    event.preventDefault();
    void attach(images);
  }

  function onKeyDown(event: KeyboardEvent) {
    // While an input method composes a character, Enter confirms it. In Safari the composition is over by then; its code says so.
    if (event.nativeEvent.isComposing || event.keyCode === COMPOSITION_KEY) return;
    const mark = MARKS[event.key.toLowerCase()];
    if (completion.onKeyDown(event)) return;
    if (event.key === 'Enter' && !event.shiftKey && !isTouch()) {
      event.preventDefault();
      send();
    } else if (event.key === 'Enter' && field.current && continueLine(field.current)) {
      event.preventDefault();
    } else if (mark && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && field.current) {
      event.preventDefault();
      toggleMark(field.current, mark);
    } else if (event.key === 'Escape' && targetMessage) {
      cancel();
    } else if (event.key === 'ArrowUp' && text === '' && conversation) {
      const last = lastOwnMessage();
      if (!last) return;
      event.preventDefault();
      editMessage(last);
    }
  }

  function lastOwnMessage(): Message | undefined {
    if (!conversation) return undefined;
    const history = feed.history(conversation.id);
    for (let seq = conversation.lastSeq; seq > Math.max(0, conversation.lastSeq - 100); seq -= 1) {
      const message = history.at(seq);
      if (message?.senderId === feed.me.id && !message.system && !message.deletedAt) return message;
    }
    return undefined;
  }

  return (
    <>
      <div className="above-composer">{completion.list}</div>
      <form className="composer" onSubmit={(event) => { event.preventDefault(); send(); focusWithoutKeyboard(); }}>
        {unsaved.map((unsavedEdit) => (
          <ComposerBar
            key={unsavedEdit.id} title={words.unsaved} excerpt={plainText(unsavedEdit.changed)} cancelLabel={words.discardEdit}
            onCancel={() => { change((draft) => withoutUnsaved(draft, unsavedEdit)); focus(); }}
          >
            <button type="button" className="link-button" onClick={() => beginEdit(unsavedEdit)}>{words.editAgain}</button>
          </ComposerBar>
        ))}
        {edit && <ComposerBar title={words.editing} excerpt={plainText(edit.text ?? '')} cancelLabel={words.cancelEdit} onCancel={cancel} />}
        {reply && !edit && (
          <ComposerBar
            title={<ReplyTitle senderId={reply.senderId} />} excerpt={replyText}
            cancelLabel={words.cancelReply} onCancel={cancel}
          />
        )}
        {hasPreview && (
          <div className="composer-preview" role="group" aria-label={words.preview}><MessageText text={preview} mentions={shownCalls(calls, isCallingAll)} reserved="" /></div>
        )}
        {image && <AttachmentPreview image={image} onRemove={() => { attachment.remove(); focus(); }} />}
        <div className="composer-line">
          <ImageChooser onChoose={(file) => void attach([file])} />
          <button
            ref={emojiButton} type="button" className="icon-button" aria-label={texts.emoji.add} title={texts.emoji.add} aria-expanded={isPicking}
            onMouseDown={keepFocus} onClick={() => setPicking(!isPicking)}
          >
            <Smile />
          </button>
          <EmojiPicker
            open={isPicking} anchor={emojiButton} onPick={(emoji) => { if (field.current) insertText(field.current, emoji); }}
            onClose={() => { setPicking(false); focusWithoutKeyboard(); }}
          />
          <textarea
            ref={field} value={text} rows={1} dir="auto" aria-label={words.label} placeholder={words.placeholder(name)}
            enterKeyHint={isTouch() ? 'enter' : 'send'} {...completion.fieldProps}
            onChange={({ target }) => onTextChange(target.value)} onKeyDown={onKeyDown} onPaste={paste}
          />
          <button className="send" aria-label={words.send} disabled={!canSend} onMouseDown={keepFocus}><SendHorizontal /></button>
        </div>
        {remaining < COUNT_FROM && (
          <p className="composer-remaining" data-over={remaining < 0 || undefined} role="status">{words.remaining(remaining)}</p>
        )}
      </form>
    </>
  );
}

function ReplyTitle({ senderId }: { senderId: string }) {
  const sender = useFeed((feed) => feed.person(senderId));
  return words.replyingTo(sender.fullName);
}

interface ComposerBarProps {
  title: ReactNode;
  excerpt: string;
  cancelLabel: string;
  onCancel(): void;
  children?: ReactNode;
}

function ComposerBar({ title, excerpt, cancelLabel, onCancel, children }: ComposerBarProps) {
  return (
    <div className="composer-bar">
      <div className="quote">
        <strong><bdi>{title}</bdi></strong>
        <span dir="auto">{excerpt}</span>
      </div>
      {children}
      <button type="button" className="icon-button" aria-label={cancelLabel} onClick={onCancel}><X /></button>
    </div>
  );
}
