// Where one writes. Enter sends, Shift and Enter makes a line, arrow up edits what one wrote last, Escape gives up.
import { SendHorizontal, X } from 'lucide-react';
import { type ClipboardEvent, type KeyboardEvent, type Ref, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from 'react';
import { useFeed, useSession } from '../app/context';
import type { Conversation, ConversationRef, Message } from '../feed';
import { texts } from '../texts';
import { Choose, isImage } from '../ui/choose-image';
import { useAttempt } from '../ui/toasts';
import { Attached, useAttachment } from './attachment';
import { draftOf, keepDraft } from './drafts';
import type { Doing } from './pane';
import { plain } from './parts';

const words = texts.composer;
/** From here on the text field counts. */
const NEARLY = 200;

export interface ComposerHandle {
  focus(): void;
  /** Takes an image that was dropped. */
  attach(file: File): void;
}

interface ComposerProps {
  ref: Ref<ComposerHandle>;
  by: ConversationRef;
  name: string;
  conversation: Conversation | undefined;
  doing: Doing;
  onDone(): void;
  onEdit(message: Message): void;
}

export function Composer({ ref, by, name, conversation, doing, onDone, onEdit }: ComposerProps) {
  const { feed, limits } = useSession();
  const attempt = useAttempt();
  const field = useRef<HTMLTextAreaElement>(null);
  // The first message to a person makes the conversation: what is written meanwhile stays in the field.
  const where = conversation?.otherUserId ?? by.conversationId ?? by.userId ?? '';
  const [text, setText] = useState(() => draftOf(where));
  const edited = doing && 'edit' in doing ? doing.edit : undefined;
  const replied = doing && 'reply' in doing ? doing.reply : undefined;

  const attachment = useAttachment(where);
  const image = edited ? undefined : attachment.image;
  const attach = (file: File) => {
    if (edited) onDone();
    void attachment.attach(file);
    field.current?.focus();
  };
  useImperativeHandle(ref, () => ({ focus: () => field.current?.focus(), attach }));
  // Where there is a keyboard, one can type at once.
  useEffect(() => {
    if (matchMedia('(hover: hover)').matches) field.current?.focus();
  }, []);
  // An edit borrows the field; the draft comes back after it.
  useLayoutEffect(() => {
    setText(edited ? (edited.text ?? '') : draftOf(where));
  }, [edited, where]);

  const write = (next: string) => {
    setText(next);
    if (edited) return;
    keepDraft(where, next);
    feed.typing.tell(by, next.trim() !== '');
  };

  const left = limits.messageLength - [...text.trim()].length;
  // An edit may take the words off an image.
  const canSend = (text.trim() !== '' || image !== undefined || Boolean(edited?.image)) && left >= 0;

  function send() {
    if (!canSend) return;
    if (edited) {
      // What could not be changed is still there to be tried again.
      const changed = { ...edited, text: text.trim() };
      void attempt(() => feed.edit(edited.id, changed.text)).then((done) => { if (!done) onEdit(changed); });
    } else {
      feed.send({
        to: by,
        text: text.trim(),
        ...(image && { image }),
        ...(replied && {
          replyTo: { id: replied.id, seq: replied.seq, senderId: replied.senderId, text: replied.text },
        }),
      });
      setText('');
      keepDraft(where, '');
      attachment.remove();
    }
    onDone();
  }

  function paste(event: ClipboardEvent) {
    const file = [...event.clipboardData.files].find(isImage);
    if (!file) return;
    event.preventDefault();
    attach(file);
  }

  function press(event: KeyboardEvent) {
    // While an input method composes a character, Enter belongs to it.
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === 'Escape' && doing) {
      onDone();
    } else if (event.key === 'ArrowUp' && text === '' && conversation) {
      const last = lastOfMine();
      if (!last) return;
      event.preventDefault();
      onEdit(last);
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
      {replied && <Bar title={<ReplyTitle message={replied} />} lead={replied.text ?? texts.image.name} stop={words.stopReply} onStop={onDone} />}
      {edited && <Bar title={words.editing} lead={edited.text} stop={words.stopEdit} onStop={onDone} />}
      {image && <Attached image={image} onRemove={() => { attachment.remove(); field.current?.focus(); }} />}
      <div className="composer-line">
        <Choose onChoose={attach} />
        <textarea
          ref={field} value={text} rows={1} dir="auto" aria-label={words.label} placeholder={words.placeholder(name)}
          onChange={({ target }) => write(target.value)} onKeyDown={press} onPaste={paste}
        />
        <button className="send" aria-label={words.send} disabled={!canSend}><SendHorizontal /></button>
      </div>
      {left < NEARLY && <p className="composer-left" data-over={left < 0 || undefined} role="status">{words.left(left)}</p>}
    </form>
  );
}

function ReplyTitle({ message }: { message: Message }) {
  const sender = useFeed((feed) => feed.person(message.senderId));
  return words.replyingTo(sender.fullName);
}

interface BarProps {
  title: React.ReactNode;
  lead: string | null;
  stop: string;
  onStop(): void;
}

function Bar({ title, lead, stop, onStop }: BarProps) {
  return (
    <div className="composer-bar">
      <div className="quote">
        <strong><bdi>{title}</bdi></strong>
        <span dir="auto">{plain(lead ?? '')}</span>
      </div>
      <button type="button" className="icon-button" aria-label={stop} onClick={onStop}><X /></button>
    </div>
  );
}
