// Where one writes. Enter sends, Shift and Enter makes a line, arrow up edits what one wrote last, Escape gives up. Where one
// types with a finger, Enter makes a line.
import { SendHorizontal, X } from 'lucide-react';
import { type ClipboardEvent, type KeyboardEvent, type ReactNode, type Ref, useEffect, useImperativeHandle, useRef } from 'react';
import { useFeed, useSession } from '../app/session';
import { errorText } from '../app/error-text';
import { type Conversation, type ConversationRef, type Message, ServerError } from '../feed';
import { texts } from '../texts';
import { ImageChooser, isImage } from '../ui/image-chooser';
import { useShowNotice, useShowError } from '../ui/toasts';
import { AttachmentPreview, useAttachment } from './attachment';
import { aside, type ComposerDraft, changeDraft, type Edit, editOf, replyTo, stopped, useDraft, without, withUnsaved } from './drafts';
import { isVisible, plain } from './message-format';

const words = texts.composer;
/** From here on the text field counts. */
const NEARLY = 200;

export interface ComposerHandle {
  focus(): void;
  reply(message: Message): void;
  edit(message: Message): void;
  /** Takes what was dropped, of which one image goes with a message. */
  attach(files: readonly File[]): void;
}

interface ComposerProps {
  ref: Ref<ComposerHandle>;
  by: ConversationRef;
  name: string;
  conversation: Conversation | undefined;
}

/** Where the keyboard is a part of the screen, it has no other way to make a line. */
const byFinger = () => matchMedia('(pointer: coarse)').matches;

/** Whether an edit can never be made: its message is deleted, or out of reach. */
const isLost = (reason: unknown) => reason instanceof ServerError && (reason.code === 'NOT_FOUND' || reason.field === 'id');

export function Composer({ ref, by, name, conversation }: ComposerProps) {
  const { feed, limits } = useSession();
  const [tell, complain] = [useShowNotice(), useShowError()];
  const field = useRef<HTMLTextAreaElement>(null);
  // The first message to a person makes the conversation: what is written meanwhile stays in the field.
  const where = conversation?.otherUserId ?? by.conversationId ?? by.userId ?? '';
  const begun = useDraft(where);
  const { edit, unsaved } = begun;
  const text = edit ? edit.changed : begun.text;
  // Rises with all that is done here.
  const touched = useRef(0);
  const change = (next: (begun: ComposerDraft) => ComposerDraft) => {
    touched.current += 1;
    changeDraft(where, next);
  };
  const focus = () => field.current?.focus();
  const begin = (next: Edit) => {
    change((begun) => ({ ...without(aside(begun), next), edit: next }));
    focus();
  };
  const editMessage = (message: Message) =>
    begin(aside(begun).unsaved.find(({ id }) => id === message.id) ?? editOf(message));
  const stop = () => {
    change(stopped);
    focus();
  };

  // As it is now: what is edited or replied to may change meanwhile.
  const about = edit ?? begun.reply;
  const current = useFeed((feed) => about && conversation && feed.history(conversation.id).at(about.seq));
  const reply = begun.reply && { ...begun.reply, ...(!edit && current && { text: current.text }) };
  useEffect(() => {
    if (!current?.deletedAt) return;
    if (edit) complain(words.editLost);
    else tell(words.replyLost);
    change(stopped);
  }, [current, edit?.id]);

  const attachment = useAttachment(where);
  const image = edit ? undefined : attachment.image;
  const attach = async (files: readonly File[]) => {
    const file = files.find(isImage) ?? files[0];
    if (!file) return;
    touched.current += 1;
    focus();
    if (files.length > 1) tell(texts.image.onlyOne);
    if ((await attachment.attach(file)) && edit) tell(texts.image.afterEdit);
  };
  useImperativeHandle(ref, () => ({
    focus,
    attach,
    reply: (message) => {
      change((begun) => ({ ...aside(begun), reply: replyTo(message) }));
      focus();
    },
    edit: editMessage,
  }));
  // Where there is a keyboard, one can type at once.
  useEffect(() => {
    if (matchMedia('(hover: hover)').matches) focus();
  }, []);

  const write = (next: string) => {
    change((begun) => (begun.edit ? { ...begun, edit: { ...begun.edit, changed: next } } : { ...begun, text: next }));
    if (!edit) feed.typing.signal(by, next.trim() !== '');
  };

  // The server trims in this way too.
  const written = text.trim();
  const left = limits.messageLength - [...written].length;
  // An edit may take the words off an image.
  const mayBeEmpty = image !== undefined || edit?.hasImage;
  const canSend = (isVisible(written) || (written === '' && mayBeEmpty)) && left >= 0;

  function send() {
    if (!canSend) return;
    if (edit) return void save({ ...edit, changed: written });
    feed.send({ to: by, text: written, ...(image && { image }), ...(reply && { replyTo: reply }) });
    change(({ unsaved }) => ({ text: '', unsaved }));
    attachment.remove();
  }

  async function save(saved: Edit) {
    change(({ edit, ...begun }) => begun);
    const since = touched.current;
    try {
      await feed.edit(saved.id, saved.changed);
    } catch (reason) {
      if (isLost(reason)) return complain(words.editLost);
      complain(words.editFailed(errorText(reason)));
      // It comes back into the field, unless something was begun there or somebody has gone elsewhere: then it waits beside it.
      if (field.current && touched.current === since) change((begun) => ({ ...begun, edit: saved }));
      else changeDraft(where, (begun) => withUnsaved(begun, saved));
    }
  }

  function paste(event: ClipboardEvent) {
    const images = [...event.clipboardData.files].filter(isImage);
    // Spreadsheets and word processors put a picture of the text beside it, file managers the name of the file.
    const beside = event.clipboardData.getData('text/plain');
    if (images.length === 0 || (beside.trim() && beside !== images[0]?.name)) return;
    event.preventDefault();
    void attach(images);
  }

  function press(event: KeyboardEvent) {
    // While an input method composes a character, Enter belongs to it.
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey && !byFinger()) {
      event.preventDefault();
      send();
    } else if (event.key === 'Escape' && about) {
      stop();
    } else if (event.key === 'ArrowUp' && text === '' && conversation) {
      const last = lastOfMine();
      if (!last) return;
      event.preventDefault();
      editMessage(last);
    }
  }

  function lastOfMine(): Message | undefined {
    if (!conversation) return undefined;
    const history = feed.history(conversation.id);
    for (let seq = conversation.lastSeq; seq > Math.max(0, conversation.lastSeq - 100); seq -= 1) {
      const message = history.at(seq);
      if (message?.senderId === feed.me.id && !message.deletedAt) return message;
    }
    return undefined;
  }

  return (
    <form className="composer" onSubmit={(event) => { event.preventDefault(); send(); }}>
      {unsaved.map((one) => (
        <Bar
          key={one.id} title={words.unsaved} lead={one.changed} stop={words.dropEdit}
          onStop={() => { change((begun) => without(begun, one)); focus(); }}
        >
          <button type="button" className="link-button" onClick={() => begin(one)}>{words.editAgain}</button>
        </Bar>
      ))}
      {edit && <Bar title={words.editing} lead={edit.text} stop={words.stopEdit} onStop={stop} />}
      {reply && !edit && (
        <Bar title={<ReplyTitle senderId={reply.senderId} />} lead={reply.text ?? texts.image.name} stop={words.stopReply} onStop={stop} />
      )}
      {image && <AttachmentPreview image={image} onRemove={() => { attachment.remove(); focus(); }} />}
      <div className="composer-line">
        <ImageChooser onChoose={(file) => void attach([file])} />
        <textarea
          ref={field} value={text} rows={1} dir="auto" aria-label={words.label} placeholder={words.placeholder(name)}
          enterKeyHint={byFinger() ? 'enter' : 'send'}
          onChange={({ target }) => write(target.value)} onKeyDown={press} onPaste={paste}
        />
        <button className="send" aria-label={words.send} disabled={!canSend}><SendHorizontal /></button>
      </div>
      {left < NEARLY && <p className="composer-left" data-over={left < 0 || undefined} role="status">{words.left(left)}</p>}
    </form>
  );
}

function ReplyTitle({ senderId }: { senderId: string }) {
  const sender = useFeed((feed) => feed.person(senderId));
  return words.replyingTo(sender.fullName);
}

interface BarProps {
  title: ReactNode;
  lead: string | null;
  stop: string;
  onStop(): void;
  children?: ReactNode;
}

function Bar({ title, lead, stop, onStop, children }: BarProps) {
  return (
    <div className="composer-bar">
      <div className="quote">
        <strong><bdi>{title}</bdi></strong>
        <span dir="auto">{plain(lead ?? '')}</span>
      </div>
      {children}
      <button type="button" className="icon-button" aria-label={stop} onClick={onStop}><X /></button>
    </div>
  );
}
