// A conversation: header, messages and composer.
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { Redirect } from 'wouter';
import { markOpened, useIsUnopened } from '../app/added-conversations';
import { useFeed, useSession } from '../app/session';
import { type Conversation, type ConversationRef, isTransient } from '../feed';
import { useUnblock } from '../people/use-unblock';
import { texts } from '../texts';
import { Composer, type ComposerHandle } from './composer';
import { BackLink, ConversationHeader } from './conversation-header';
import { MessageList } from './message-list';
import { EmptyState } from '../ui/empty-state';
import { OutgoingRow, useOutgoing } from './outgoing-row';
import { PinnedBar } from './pinned-bar';
import { useFreshPermissions } from './use-fresh-permissions';

export function ConversationPane({ recipient }: { recipient: ConversationRef }) {
  const { feed } = useSession();
  const { conversationId, userId } = recipient;
  const conversation = useFeed((feed) => (conversationId ? feed.conversation(conversationId) : feed.directWith(userId!)));
  const [state, setState] = useState<'loading' | 'noConversationYet' | 'missing'>('loading');

  // Kept for the notice that the user was removed.
  const [title, setTitle] = useState<string>();
  useEffect(() => { if (conversation?.title) setTitle(conversation.title); }, [conversation?.title]);

  // The URL may name a conversation that is not loaded yet, a person without a conversation, or nothing.
  const isKnown = conversation !== undefined;
  useEffect(() => {
    if (isKnown) return;
    let isCancelled = false;
    const look = async () => {
      const found = await feed.loadConversation(conversationId ? { conversationId } : { userId: userId! });
      if (!found && !isCancelled) setState(userId && (await feed.loadPerson(userId)) ? 'noConversationYet' : 'missing');
    };
    // Network errors are retried: they do not mean that it is missing.
    feed.retryPolicy.run(look, () => !isCancelled, (reason) => !isTransient(reason)).catch(() => isCancelled || setState('missing'));
    return () => { isCancelled = true; };
  }, [feed, conversationId, userId, isKnown]);

  if (conversation || state === 'noConversationYet') {
    return (
      <>
        {userId && conversation && <Redirect to={`/c/${conversation.id}`} replace />}
        <ConversationView recipient={recipient} conversation={conversation} />
      </>
    );
  }
  if (state === 'loading') return <p className="splash" role="status">{texts.loading}</p>;
  return <MissingConversation recipient={recipient} title={title} />;
}

/** The conversation does not exist or is not accessible any more. Shows messages that could not be sent to it. */
function MissingConversation({ recipient, title }: { recipient: ConversationRef; title: string | undefined }) {
  const unsent = useOutgoing(recipient);
  const reason = title ? texts.conversation.removed(title) : texts.conversation.gone;
  return (
    <>
      <BackLink />
      {unsent.length === 0
        ? <EmptyState title={reason} />
        : (
          <section className="unsent-messages" aria-label={texts.conversation.leftOver}>
            <p>{reason} {texts.conversation.leftOver}</p>
            {unsent.map((item) => <OutgoingRow key={item.id} item={item} />)}
          </section>
        )}
    </>
  );
}

function ConversationView({ recipient, conversation }: { recipient: ConversationRef; conversation: Conversation | undefined }) {
  const { feed } = useSession();
  const composer = useRef<ComposerHandle>(null);
  const otherId = recipient.userId ?? conversation?.otherUserId ?? undefined;
  const other = useFeed((feed) => (otherId ? feed.person(otherId) : undefined));
  const name = other?.fullName ?? conversation?.title ?? '';
  useFreshPermissions(conversation);
  const isUnopened = useIsUnopened(conversation?.id ?? '');
  useEffect(() => { if (isUnopened && conversation) markOpened(feed, conversation.id); }, [isUnopened, conversation?.id]);
  // Opening it takes the mark away, and marking it while it is open does not.
  useEffect(() => {
    if (conversation?.own?.markedUnread) feed.updateOwnSide(conversation.id, { markedUnread: false }).catch(() => {});
  }, [conversation?.id]);
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
      {conversation && <PinnedBar conversationId={conversation.id} />}
      <MessageList
        recipient={recipient} name={name} otherId={otherId} conversation={conversation}
        onReply={(message) => composer.current?.reply(message)} onEdit={(message) => composer.current?.edit(message)}
        onLeave={() => composer.current?.focus()} onArrive={() => composer.current?.focusWithoutKeyboard()}
      />
      <ClosedComposer otherId={otherId} conversation={conversation}>
        <Composer ref={composer} recipient={recipient} name={name} conversation={conversation} />
      </ClosedComposer>
    </section>
  );
}

interface ClosedComposerProps {
  otherId: string | undefined;
  conversation: Conversation | undefined;
  /** What is there for those who may write. */
  children: ReactNode;
}

/** Why one cannot write here, in place of the composer. */
function ClosedComposer({ otherId, conversation, children }: ClosedComposerProps) {
  const other = useFeed((feed) => (otherId ? feed.person(otherId) : undefined));
  const isBlocked = useFeed((feed) => otherId !== undefined && feed.blocks.has(otherId));
  const unblock = useUnblock(otherId ?? '');
  if (other?.deletedAt) return <p className="composer-none">{texts.conversation.erased}</p>;
  if (other && isBlocked) {
    return (
      <p className="composer-none">
        <bdi>{texts.blocks.closed(other.fullName)}</bdi> <button type="button" className="link-button" onClick={unblock}>{texts.blocks.unblock}</button>
      </p>
    );
  }
  if (!conversation || conversation.viewerCan.includes('SEND')) return children;
  return <p className="composer-none">{otherId ? texts.conversation.mayNotSend : texts.pins.onlyAdmins}</p>;
}
