// The layout of the signed-in page: sidebar and conversation side by side, on a phone one of the two.
import { useEffect } from 'react';
import { Route, Switch, useLocation, useRoute } from 'wouter';
import { ConversationPane } from '../conversation/conversation-pane';
import { isMuted } from '../feed';
import { EmptyState } from '../ui/empty-state';
import { FirstSteps } from '../sidebar/first-steps';
import { Sidebar } from '../sidebar/sidebar';
import { texts } from '../texts';
import { loadOnIdle } from '../ui/on-demand';
import { conversationName } from './notifications';
import { Dialogs } from './dialogs';
import { useFeed, useSession } from './session';
import { useShortcuts } from './shortcuts';
import { ConnectionStatus } from './connection-status';

export function Shell() {
  const { name } = useSession();
  const [path] = useLocation();
  useTitle();
  useShortcuts();
  useEffect(loadOnIdle, []);
  const isOpen = /^\/(c|with)\//.test(path);
  return (
    <main className="shell" data-open={isOpen || undefined}>
      <h1 className="visually-hidden">{name}</h1>
      <a className="skip" href="#conversation">{texts.skip}</a>
      <ConnectionStatus />
      <Sidebar />
      <div id="conversation" className="main" tabIndex={-1}>
        <Switch>
          <Route path="/c/:id">{({ id }) => <OpenConversation conversationId={id} />}</Route>
          <Route path="/with/:userId">{({ userId }) => <OpenConversation userId={userId} />}</Route>
          <Route><NothingOpen /></Route>
        </Switch>
      </div>
      <Dialogs />
      <div id="announcer" className="visually-hidden" role="log" aria-live="polite" aria-label={texts.conversation.newMessages} />
    </main>
  );
}

/** Where nothing is open: what one can begin with. */
function NothingOpen() {
  const { logoUrl, peopleSearchMode } = useSession();
  const isFirst = useFeed(({ sidebar }) => sidebar.length === 0);
  const { none, noneLead, begin, beginLead } = texts.conversation;
  return (
    <EmptyState title={isFirst ? begin : none} lead={(isFirst ? beginLead : noneLead)[peopleSearchMode]} logoUrl={logoUrl}>
      <FirstSteps />
    </EmptyState>
  );
}

/** The first message to a person creates the conversation: what is open stays as it is, with its focus and its scroll position. */
function OpenConversation({ conversationId, userId }: { conversationId?: string; userId?: string }) {
  const recipient = conversationId ? { conversationId } : { userId: userId! };
  const key = useFeed((feed) => feed.recipientKey(recipient));
  return <ConversationPane key={key} recipient={recipient} />;
}

/** The title of the tab: the open conversation, and the number of unread messages in all that are not muted. */
function useTitle() {
  const { name: server } = useSession();
  const [, params] = useRoute<{ kind: string; id: string }>('/:kind/:id');
  const name = useFeed((feed) => {
    if (params?.kind === 'c') return conversationName(feed, params.id);
    return params?.kind === 'with' ? feed.person(params.id).fullName : undefined;
  });
  const unread = useFeed((feed) => feed.sidebar.reduce((sum, known) => sum + (isMuted(known) ? 0 : known.unreadCount), 0));
  useEffect(() => {
    document.title = texts.title(server, name, unread);
    return () => { document.title = server; };
  }, [server, name, unread]);
}
