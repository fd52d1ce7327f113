// The user's own side of a conversation: mute, favourite, archive, mark as unread, the same on all devices. And block and report.
import { Menu } from '@base-ui/react/menu';
import { Archive, ArchiveRestore, AtSign, Ban, Bell, BellOff, EllipsisVertical, Flag, Mail, MailOpen, Star, StarOff } from 'lucide-react';
import { useRef } from 'react';
import { conversationName } from '../app/notifications';
import { openDialog } from '../app/open-dialog';
import { useFeed, useSession } from '../app/session';
import { type Conversation, isMuted } from '../feed';
import { texts } from '../texts';
import { useUnblock } from '../people/use-unblock';
import { useAttempt } from '../ui/toasts';

const words = texts.own;
const HOUR = 3_600_000;
/** Muted until then is muted for good. */
const FOREVER = '9999-01-01T00:00:00Z';

export function ConversationMenu({ conversation }: { conversation: Conversation }) {
  const { feed } = useSession();
  const attempt = useAttempt();
  const container = useRef<HTMLDivElement>(null);
  const { id, own, otherUserId } = conversation;
  const isBlocked = useFeed((feed) => otherUserId !== null && feed.blocks.has(otherUserId));
  const isErased = useFeed((feed) => otherUserId !== null && feed.person(otherUserId).deletedAt !== null);
  const unblock = useUnblock(otherUserId ?? '');
  if (!own) return null;
  const update = (input: Parameters<typeof feed.updateOwnSide>[1]) => () => void attempt(() => feed.updateOwnSide(id, input));
  const item = (Icon: typeof Bell, label: string, act: () => void, isDanger = false) => (
    <Menu.Item className="menu-item" data-danger={isDanger || undefined} onClick={act}><Icon aria-hidden="true" /> {label}</Menu.Item>
  );
  const report = () => openDialog({
    kind: 'report', target: otherUserId ? { userId: otherUserId } : { conversationId: id }, name: conversationName(feed, id), userId: otherUserId ?? undefined,
  });
  const until = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString();
  return (
    <div ref={container}>
      <Menu.Root>
        <Menu.Trigger className="icon-button" aria-label={words.title} title={words.title}><EllipsisVertical /></Menu.Trigger>
        <Menu.Portal container={container}>
          <Menu.Positioner className="menu-container" align="end" sideOffset={6}>
            <Menu.Popup className="menu">
              {isMuted(conversation)
                ? item(Bell, words.unmute, update({ mutedUntil: null, ...(own.notifications === 'NONE' && { notifications: 'ALL' }) }))
                : (
                  <>
                    {item(BellOff, words.muteHours(1), update({ mutedUntil: until(HOUR) }))}
                    {item(BellOff, words.muteHours(8), update({ mutedUntil: until(8 * HOUR) }))}
                    {item(BellOff, words.mute, update({ mutedUntil: FOREVER }))}
                  </>
                )}
              {own.notifications === 'MENTIONS'
                ? item(Bell, texts.mentions.allMessages, update({ notifications: 'ALL' }))
                : !otherUserId && !isMuted(conversation) && item(AtSign, texts.mentions.onlyMentions, update({ notifications: 'MENTIONS' }))}
              {own.favorite ? item(StarOff, words.unfavorite, update({ favorite: false })) : item(Star, words.favorite, update({ favorite: true }))}
              {own.archived ? item(ArchiveRestore, words.unarchive, update({ archived: false })) : item(Archive, words.archive, update({ archived: true }))}
              {own.markedUnread ? item(Mail, words.markRead, update({ markedUnread: false })) : item(MailOpen, words.markUnread, update({ markedUnread: true }))}
              {isBlocked
                ? item(Ban, texts.blocks.unblock, unblock)
                : otherUserId && !isErased && item(Ban, texts.blocks.block, () => openDialog({ kind: 'block', userId: otherUserId }), true)}
              {!isErased && item(Flag, texts.blocks.report, report, true)}
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
    </div>
  );
}
