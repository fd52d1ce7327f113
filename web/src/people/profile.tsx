// The card of a person: picture, name, whether they are online, and a way to write to them.
import { Ban, Flag, MessageCircle } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Link } from 'wouter';
import { openDialog } from '../app/open-dialog';
import { useFeed } from '../app/session';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { Dialog } from '../ui/dialog';
import { useUnblock } from './use-unblock';
import { usePresenceText } from './use-presence-text';

interface ProfileDialogProps {
  /** Undefined while it is closed. */
  userId: string | undefined;
  open: boolean;
  onClose(): void;
}

export function ProfileDialog({ userId, open, onClose }: ProfileDialogProps) {
  // The one that was shown last, while the dialog fades out.
  const [shownId, setShownId] = useState(userId);
  useEffect(() => { if (userId) setShownId(userId); }, [userId]);
  return (
    <Dialog title={texts.profile.title} open={open} onClose={onClose}>
      {shownId && <Profile userId={userId ?? shownId} onClose={onClose} />}
    </Dialog>
  );
}

function Profile({ userId, onClose }: { userId: string; onClose(): void }) {
  const person = useFeed((feed) => feed.person(userId));
  const isMe = useFeed((feed) => feed.me.id === userId);
  const online = useFeed((feed) => feed.online?.has(userId));
  const presence = usePresenceText(userId);
  const isBlocked = useFeed((feed) => feed.blocks.has(userId));
  const unblock = useUnblock(userId);
  return (
    <div className="profile">
      <Avatar id={userId} name={person.fullName} picture={person.profilePic} online={online} size="large" />
      <p className="profile-name"><bdi>{person.fullName}</bdi></p>
      {person.deletedAt
        ? <p className="secondary">{texts.conversation.erased}</p>
        : <p className="secondary">{isMe ? texts.message.you : presence}</p>}
      {isBlocked && <p className="note">{texts.blocks.closed(person.fullName)}</p>}
      {!isMe && !person.deletedAt && !isBlocked && (
        <Link className="button" data-kind="main" href={`/with/${userId}`} replace onClick={onClose}>
          <MessageCircle aria-hidden="true" /> {texts.profile.write}
        </Link>
      )}
      {!isMe && (!person.deletedAt || isBlocked) && (
        <div className="profile-more">
          {isBlocked
            ? <button type="button" className="button" onClick={unblock}>{texts.blocks.unblock}</button>
            : <button type="button" className="button" data-kind="quiet-danger" onClick={() => openDialog({ kind: 'block', userId })}><Ban aria-hidden="true" /> {texts.blocks.block}</button>}
          {!person.deletedAt && (
            <button
              type="button" className="button" data-kind="quiet-danger"
              onClick={() => openDialog({ kind: 'report', target: { userId }, name: person.fullName, userId })}
            >
              <Flag aria-hidden="true" /> {texts.blocks.report}
            </button>
          )}
        </div>
      )}
    </div>
  );
}
