// One conversation: its head, its messages, and what one writes.
import { useEffect, useRef, useState } from 'react';
import { Redirect } from 'wouter';
import { useFeed, useSession } from '../app/session';
import { type Conversation, type ConversationRef, isTransient } from '../feed';
import { texts } from '../texts';
import { Composer, type ComposerHandle } from './composer';
import { Back, ConversationHeader } from './conversation-header';
import { MessageList } from './message-list';
import { EmptyState } from '../ui/empty-state';
import { OutgoingRow } from './outgoing-row';
import { useOutgoing } from './use-outgoing';

export function ConversationPane({ by }: { by: ConversationRef }) {
  const { feed } = useSession();
  const { conversationId, userId } = by;
  const conversation = useFeed((feed) => (conversationId ? feed.conversation(conversationId) : feed.directWith(userId!)));
  const [state, setState] = useState<'asking' | 'met' | 'gone'>('asking');

  // What it was called, should it be gone in a moment.
  const [title, setTitle] = useState<string>();
  useEffect(() => { if (conversation?.title) setTitle(conversation.title); }, [conversation?.title]);

  // An address may lead to a conversation far down the list, to one that is still to begin, or to none.
  const isKnown = conversation !== undefined;
  useEffect(() => {
    if (isKnown) return;
    let over = false;
    const look = async () => {
      const found = await feed.loadConversation(conversationId ? { conversationId } : { userId: userId! });
      if (!found && !over) setState(userId && (await feed.loadPerson(userId)) ? 'met' : 'gone');
    };
    // A bad line says nothing of whether it is there.
    feed.retryPolicy.run(look, () => !over, (reason) => !isTransient(reason)).catch(() => over || setState('gone'));
    return () => { over = true; };
  }, [feed, conversationId, userId, isKnown]);

  if (conversation) {
    if (userId) return <Redirect to={`/c/${conversation.id}`} replace />;
    return <Parts by={by} conversation={conversation} />;
  }
  if (state === 'met') return <Parts by={by} conversation={undefined} />;
  if (state === 'asking') return <p className="splash" role="status">{texts.loading}</p>;
  return <Gone by={by} title={title} />;
}

/** EmptyState is here, or no longer; but perhaps what one wrote to here when that could not be known. */
function Gone({ by, title }: { by: ConversationRef; title: string | undefined }) {
  const left = useOutgoing(by);
  const word = title ? texts.conversation.removed(title) : texts.conversation.gone;
  return (
    <>
      <Back />
      {left.length === 0
        ? <EmptyState title={word} />
        : (
          <section className="left-over" aria-label={texts.conversation.leftOver}>
            <p>{word} {texts.conversation.leftOver}</p>
            {left.map((item) => <OutgoingRow key={item.id} item={item} />)}
          </section>
        )}
    </>
  );
}

function Parts({ by, conversation }: { by: ConversationRef; conversation: Conversation | undefined }) {
  const composer = useRef<ComposerHandle>(null);
  const otherId = by.userId ?? conversation?.otherUserId ?? undefined;
  const other = useFeed((feed) => (otherId ? feed.person(otherId) : undefined));
  const name = other?.fullName ?? conversation?.title ?? '';
  return (
    <section
      className="conversation" aria-label={texts.conversation.label(name)}
      onDragOver={(event) => { if (event.dataTransfer.types.includes('Files')) event.preventDefault(); }}
      onDrop={(event) => {
        if (!event.dataTransfer.types.includes('Files')) return;
        event.preventDefault();
        composer.current?.attach([...event.dataTransfer.files]);
      }}
    >
      <ConversationHeader name={name} otherId={otherId} conversation={conversation} />
      <MessageList
        by={by} name={name} otherId={otherId} conversation={conversation}
        onReply={(message) => composer.current?.reply(message)} onEdit={(message) => composer.current?.edit(message)}
        onLeave={() => composer.current?.focus()}
      />
      {other?.deletedAt
        ? <p className="composer-none">{texts.conversation.erased}</p>
        : <Composer ref={composer} by={by} name={name} conversation={conversation} />}
    </section>
  );
}
