// Above a conversation: with whom it is, and whether they are there.
import { ArrowLeft, Info } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { useFeed, useSession } from '../app/session';
import type { Conversation } from '../feed';
import { GroupDetails } from '../people/group-details';
import { usePresenceText } from '../people/use-presence';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';

const words = texts.conversation;

/** Whether one has come here from the list, where the browser tells. */
function isFromList(): boolean {
  const before = window.navigation?.entries()[(window.navigation.currentEntry?.index ?? 0) - 1]?.url;
  return Boolean(before) && new URL(before!).pathname === '/';
}

/** On a phone, the way back to the list: back indeed, so that the device's own way back does not lead here again. */
export const Back = () => (
  <Link
    href="/" replace className="icon-button back" aria-label={words.back}
    onClick={(event) => {
      if (!isFromList()) return;
      event.preventDefault();
      history.back();
    }}
  >
    <ArrowLeft />
  </Link>
);

interface ConversationHeaderProps {
  name: string;
  /** The other side, where it is between two people. */
  otherId: string | undefined;
  conversation: Conversation | undefined;
}

export function ConversationHeader({ name, otherId, conversation }: ConversationHeaderProps) {
  const picture = useFeed((feed) => otherId && feed.person(otherId).profilePic) || undefined;
  const online = useFeed((feed) => (otherId ? feed.online?.has(otherId) : undefined));
  const isTyping = useFeed((feed) => conversation !== undefined && feed.typing.in(conversation.id).length > 0);
  const [isOpen, setOpen] = useState(false);
  return (
    <header className="head">
      <Back />
      <Avatar id={otherId ?? conversation?.id ?? ''} name={name} picture={picture} isGroup={!otherId} online={online} />
      <div className="head-words">
        <h2><bdi>{name}</bdi></h2>
        <p className="quiet">
          {conversation && isTyping
            ? <TypingNames id={conversation.id} />
            : otherId
              ? <Presence userId={otherId} />
              : words.members(conversation?.memberCount ?? 0)}
        </p>
      </div>
      {conversation && !otherId && (
        <>
          <button className="icon-button" aria-label={words.details} title={words.details} onClick={() => setOpen(true)}>
            <Info />
          </button>
          <GroupDetails conversation={conversation} open={isOpen} onClose={() => setOpen(false)} />
        </>
      )}
    </header>
  );
}

const Presence = ({ userId }: { userId: string }) => usePresenceText(userId);

function TypingNames({ id }: { id: string }) {
  const { feed } = useSession();
  const typing = useFeed((feed) => feed.typing.in(id));
  return <span className="typing">{words.typing(typing.map((userId) => feed.person(userId).fullName))}</span>;
}
