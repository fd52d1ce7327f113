// Everything about one message: what can be done with it, when it was written, and who has read it. On a phone a sheet from
// below, for a long press.
import { Copy, Flag, Link2, Pencil, Pin, PinOff, Reply, Trash2 } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { formatFullDateTime } from '../app/dates';
import { execute } from '../api/execute';
import { useQuery } from '../api/use-query';
import { type MessageMenu, openDialog } from '../app/open-dialog';
import { useFeed, useSession } from '../app/session';
import type { Message } from '../feed';
import { PinDocument, ReactorsDocument, UnpinDocument } from '../gql/graphql';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { ConfirmDialog } from '../ui/confirm-dialog';
import { Dialog } from '../ui/dialog';
import { useAttempt, useShowNotice } from '../ui/toasts';
import { useOneLine } from './mentions';
import { QUICK_REACTIONS, useMayReact, useReact } from './reactions';

const words = texts.message;

interface MessageSheetProps {
  /** Undefined while it is closed. */
  menu: MessageMenu | undefined;
  open: boolean;
  onClose(): void;
}

export function MessageSheet({ menu, open, onClose }: MessageSheetProps) {
  // The one that was shown last, while the sheet moves away.
  const [shown, setShown] = useState(menu);
  useEffect(() => { if (menu) setShown(menu); }, [menu]);
  const current = menu ?? shown;
  return (
    <Dialog title={words.about} open={open} onClose={onClose}>
      {current && <Sheet {...current} onClose={onClose} />}
    </Dialog>
  );
}

function Sheet({ message, onReply, onEdit, onClose }: MessageMenu & { onClose(): void }) {
  const { feed, client } = useSession();
  const isMine = useFeed((feed) => feed.me.id === message.senderId);
  const text = useOneLine(message);
  const viewerCan = useFeed((feed) => feed.conversation(message.conversationId)?.viewerCan) ?? [];
  const mayPin = viewerCan.includes('PIN');
  const mayDelete = isMine || viewerCan.includes('DELETE_OTHERS_MESSAGES');
  const attempt = useAttempt();
  const showNotice = useShowNotice();
  const [isConfirming, setConfirming] = useState(false);
  const copy = async (text: string, notice: string) => {
    onClose();
    if (await attempt(() => navigator.clipboard.writeText(text))) showNotice(notice);
  };
  // The field gets the focus, so the sheet has to be gone.
  const afterwards = (task: () => void) => () => {
    onClose();
    setTimeout(task);
  };
  const action = (name: string, Icon: typeof Reply, act: () => void, isDanger = false, isFirst = false): ReactNode => (
    <li><button type="button" className="menu-item" data-first={isFirst || undefined} data-danger={isDanger || undefined} onClick={act}><Icon aria-hidden="true" /> {name}</button></li>
  );
  const link = `${location.origin}/c/${message.conversationId}?at=${message.seq}`;
  return (
    <div className="form">
      <p className="message-sheet-text secondary" dir="auto">{text}</p>
      <QuickReactions message={message} onDone={onClose} />
      <ul className="sheet-actions">
        {action(words.reply, Reply, afterwards(() => onReply(message)), false, true)}
        {navigator.clipboard && message.text && action(words.copy, Copy, () => void copy(message.text ?? '', words.copied))}
        {navigator.clipboard && action(words.copyLink, Link2, () => void copy(link, words.linkCopied))}
        {mayPin && action(message.pinnedAt ? texts.pins.unpin : texts.pins.pin, message.pinnedAt ? PinOff : Pin, () => {
          onClose();
          const variables = { messageId: message.id };
          void attempt(() => (message.pinnedAt ? execute(client, UnpinDocument, variables) : execute(client, PinDocument, variables)));
        })}
        {isMine && viewerCan.includes('SEND') && action(words.edit, Pencil, afterwards(() => onEdit(message)))}
        {!isMine && action(texts.blocks.report, Flag, () => openDialog({
          kind: 'report', target: { messageId: message.id }, name: feed.person(message.senderId).fullName, userId: message.senderId,
        }), true)}
        {mayDelete && action(words.delete, Trash2, () => setConfirming(true), true)}
      </ul>
      <p className="hint">{words.sentAt(formatFullDateTime(message.createdAt))}{message.editedAt && ` · ${words.editedAt(formatFullDateTime(message.editedAt))}`}</p>
      <Reactors message={message} />
      {isMine && <Readers message={message} />}
      {isConfirming && (
        <ConfirmDialog
          title={words.deleteTitle} description={words.deleteLead} confirmLabel={words.delete}
          open onConfirm={() => { onClose(); void attempt(() => feed.delete(message.id)); }} onClose={() => setConfirming(false)}
        />
      )}
    </div>
  );
}

function QuickReactions({ message, onDone }: { message: Message; onDone(): void }) {
  const react = useReact(message);
  const current = useFeed((feed) => feed.history(message.conversationId).at(message.seq)?.reactions) ?? message.reactions;
  const mayReact = useMayReact(message);
  const isMine = (emoji: string) => current.some((known) => known.emoji === emoji && known.isMine);
  // One's own can be taken back in any case.
  const offered = QUICK_REACTIONS.filter((emoji) => mayReact || isMine(emoji));
  if (offered.length === 0) return null;
  return (
    <div className="quick-reactions" role="group" aria-label={texts.reactions.add}>
      {offered.map((emoji) => (
        <button key={emoji} type="button" aria-pressed={isMine(emoji)} aria-label={emoji} onClick={() => { onDone(); react(emoji, !isMine(emoji)); }}>
          {emoji}
        </button>
      ))}
    </div>
  );
}

/** Who reacted, by name: the first ones of each. */
function Reactors({ message: { id, reactions } }: { message: Message }) {
  const [{ data }] = useQuery(ReactorsDocument, { id }, { pause: reactions.length === 0 });
  const found = data?.message?.reactions ?? [];
  if (found.length === 0) return null;
  return (
    <section className="section">
      <h3>{texts.reactions.title}</h3>
      <ul>
        {found.map(({ emoji, count, users }) => (
          <li key={emoji} className="reactors">
            <span>{emoji}</span>
            <bdi>{texts.reactions.by(users.nodes.map(({ fullName }) => fullName), count)}</bdi>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** By name, as far as the members are loaded: those who were members when the message was sent. */
function Readers({ message: { conversationId, seq, createdAt } }: { message: Message }) {
  const { feed } = useSession();
  const me = useFeed((feed) => feed.me.id);
  const isDirect = useFeed((feed) => Boolean(feed.conversation(conversationId)?.otherUserId));
  const { members, marks } = useFeed((feed) => feed.members.of(conversationId));
  useEffect(() => { feed.members.load(conversationId).catch(() => {}); }, [feed, conversationId]);
  const others = members.filter(({ userId, joinedAt }) => userId !== me && (isDirect || Date.parse(joinedAt) <= Date.parse(createdAt)));
  const readers = others.filter(({ userId }) => (marks.get(userId) ?? 0) >= seq);
  const waiting = others.filter((member) => !readers.includes(member));
  const list = (title: string, ids: readonly { userId: string }[]) => ids.length > 0 && (
    <section className="section">
      <h3>{title}</h3>
      <ul className="members">
        {ids.map(({ userId }) => {
          const person = feed.person(userId);
          return (
            <li key={userId} className="row">
              <Avatar id={userId} name={person.fullName} picture={person.profilePic} size="small" />
              <bdi className="row-name">{person.fullName}</bdi>
            </li>
          );
        })}
      </ul>
    </section>
  );
  return <>{list(words.readBy, readers)}{list(words.notReadBy, waiting)}</>;
}
