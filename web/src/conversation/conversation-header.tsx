// The header of a conversation: its name, and presence, typing or the number of members.
import { ArrowLeft, Info, Search } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { openProfile } from '../app/open-dialog';
import { useFeed, useSession } from '../app/session';
import type { Conversation } from '../feed';
import { usePresenceText } from '../people/use-presence-text';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { ConversationMenu } from './conversation-menu';
import { onDemand } from '../ui/on-demand';

const words = texts.conversation;
const GroupDetailsDialog = onDemand(() => import('../people/group-details').then((module) => module.GroupDetailsDialog));
const ConversationSearch = onDemand(() => import('./conversation-search').then((module) => module.ConversationSearch));

/** Whether the previous history entry is the list, if the browser knows. */
function isFromList(): boolean {
  const previous = window.navigation?.entries()[(window.navigation.currentEntry?.index ?? 0) - 1]?.url;
  return Boolean(previous) && new URL(previous!).pathname === '/';
}

/** The link to the list, on a phone. Goes back in the history if possible, so that the device's back button does not lead here. */
export const BackLink = () => (
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
  /** The other user of a direct conversation. */
  otherId: string | undefined;
  conversation: Conversation | undefined;
}

export function ConversationHeader({ name, otherId, conversation }: ConversationHeaderProps) {
  const picture = useFeed((feed) => (otherId ? feed.person(otherId).profilePic : conversation?.picture)) ?? undefined;
  const online = useFeed((feed) => (otherId ? feed.online?.has(otherId) : undefined));
  const isDeleted = useFeed((feed) => otherId !== undefined && Boolean(feed.person(otherId).deletedAt));
  const isTyping = useFeed((feed) => conversation !== undefined && feed.typing.in(conversation.id).length > 0);
  const [isDetailsOpen, setDetailsOpen] = useState(false);
  const [isSearching, setSearching] = useState(false);
  const openDetails = () => (otherId ? openProfile(otherId) : setDetailsOpen(true));
  return (
    <header className="conversation-header">
      <BackLink />
      {/* For pointers: beside it is a button for everybody. */}
      <div className="conversation-header-person" onClick={openDetails}>
        <Avatar id={otherId ?? conversation?.id ?? ''} name={name} picture={picture} isGroup={!otherId} online={online} />
        <div className="conversation-header-text">
          <h2><bdi>{name}</bdi></h2>
          <p className="secondary">
            {conversation && isTyping
              ? <TypingNames id={conversation.id} />
              : otherId
                ? !isDeleted && <PresenceText userId={otherId} />
                : words.members(conversation?.memberCount ?? 0)}
          </p>
        </div>
      </div>
      {conversation && (
        <>
          <button
            className="icon-button" data-search-here aria-label={texts.conversationSearch.title} title={texts.conversationSearch.title}
            aria-expanded={isSearching} onClick={() => setSearching(!isSearching)}
          >
            <Search />
          </button>
          <ConversationSearch conversationId={conversation.id} open={isSearching} onClose={() => setSearching(false)} />
        </>
      )}
      {conversation && <ConversationMenu conversation={conversation} />}
      <button className="icon-button" aria-label={otherId ? texts.profile.title : words.details} title={otherId ? texts.profile.title : words.details} onClick={openDetails}>
        <Info />
      </button>
      {conversation && !otherId && <GroupDetailsDialog conversation={conversation} open={isDetailsOpen} onClose={() => setDetailsOpen(false)} />}
    </header>
  );
}

const PresenceText = ({ userId }: { userId: string }) => usePresenceText(userId);

function TypingNames({ id }: { id: string }) {
  const { feed } = useSession();
  const typing = useFeed((feed) => feed.typing.in(id));
  return <span className="typing">{words.typing(typing.map((userId) => feed.person(userId).fullName))}</span>;
}
