// The layout of the signed-in page: sidebar and conversation side by side, on a phone one of the two.
import { useEffect } from 'react';
import { Route, Switch, useLocation, useRoute } from 'wouter';
import { ConversationPane } from '../conversation/conversation-pane';
import { EmptyState } from '../ui/empty-state';
import { Sidebar } from '../sidebar/sidebar';
import { texts } from '../texts';
import { conversationName } from './notifications';
import { useFeed, useSession } from './session';
import { ConnectionStatus } from './connection-status';

export function Shell() {
  const { peopleSearchMode } = useSession();
  const [path] = useLocation();
  useTitle();
  const isOpen = /^\/(c|with)\//.test(path);
  return (
    <main className="shell" data-open={isOpen || undefined}>
      <h1 className="visually-hidden">{texts.name}</h1>
      <a className="skip" href="#conversation">{texts.skip}</a>
      <Sidebar />
      <div id="conversation" className="main" tabIndex={-1}>
        <ConnectionStatus />
        <Switch>
          <Route path="/c/:id">{({ id }) => <OpenConversation conversationId={id} />}</Route>
          <Route path="/with/:userId">{({ userId }) => <OpenConversation userId={userId} />}</Route>
          <Route><EmptyState title={texts.conversation.none} lead={texts.conversation.noneLead[peopleSearchMode]} /></Route>
        </Switch>
      </div>
      <div id="announcer" className="visually-hidden" role="log" aria-live="polite" aria-label={texts.conversation.newMessages} />
    </main>
  );
}

/** The first message to a person creates the conversation: what is open stays as it is, with its focus and its scroll position. */
function OpenConversation({ conversationId, userId }: { conversationId?: string; userId?: string }) {
  const recipient = conversationId ? { conversationId } : { userId: userId! };
  const key = useFeed((feed) => feed.recipientKey(recipient));
  return <ConversationPane key={key} recipient={recipient} />;
}

/** The title of the tab: the open conversation, and the number of unread messages in all. */
function useTitle() {
  const [, params] = useRoute<{ kind: string; id: string }>('/:kind/:id');
  const name = useFeed((feed) => {
    if (params?.kind === 'c') return conversationName(feed, params.id);
    return params?.kind === 'with' ? feed.person(params.id).fullName : undefined;
  });
  const unread = useFeed((feed) => feed.sidebar.reduce((sum, { lastSeq, lastReadSeq }) => sum + lastSeq - lastReadSeq, 0));
  useEffect(() => {
    document.title = texts.title(name, unread);
    return () => { document.title = texts.name; };
  }, [name, unread]);
}
