// Who is here: a visitor, who may sign in, or somebody signed in, with their feed.
import { Toast } from '@base-ui/react/toast';
import { useEffect, useState } from 'react';
import { Provider } from 'urql';
import { connect } from '../api/client';
import { ask, lineOf } from '../api/line';
import { Feed } from '../feed';
import { LimitsDocument } from '../gql/graphql';
import { texts } from '../texts';
import { Toasts } from '../ui/toasts';
import { findsOf, type Gone, type Session, SessionContext } from './context';
import { notify } from './notices';
import { outboxStore } from './outbox-store';
import { Shell } from './shell';
import { SignIn } from './sign-in';
import { claimTab, clearTab } from './tab';

/** Where the server did not say: as it is by default. */
const SERVER: Pick<Session, 'limits' | 'finds'> = {
  limits: { messageLength: 4_000, groupMembers: 1_000, imageBytes: 10 * 2 ** 20, imagePixels: 32_000_000 },
  finds: 'everybody',
};

/** Tells the other tabs of this browser that somebody else is signed in now, or (and why) nobody. */
const tabs = new BroadcastChannel('parlour.session');

/** Somebody who may sign in; perhaps because they are signed in no longer. */
interface Visitor {
  gone: Gone | undefined;
  /** The id of who was signed in. */
  was?: string;
}

type State = 'asking' | Visitor | Session;

export function App() {
  const [state, setState] = useState<State>('asking');
  // Another one with each signing in and out: another session, another feed.
  const [round, setRound] = useState<Visitor>({ gone: undefined });
  useEffect(() => begin(round, setState, setRound), [round]);
  useEffect(() => {
    const again = ({ data }: MessageEvent<Gone | undefined>) => setRound({ gone: data });
    tabs.addEventListener('message', again);
    return () => tabs.removeEventListener('message', again);
  }, []);
  const signedIn = () => {
    tabs.postMessage(undefined);
    setRound({ gone: undefined });
  };
  return (
    <Toast.Provider>
      {state === 'asking' && <p className="splash" role="status">{texts.connecting}</p>}
      {typeof state === 'object' && 'gone' in state && <SignIn gone={state.gone} onSignedIn={signedIn} />}
      {typeof state === 'object' && 'feed' in state && (
        <SessionContext value={state}>
          <Provider value={state.client}><Shell /></Provider>
        </SessionContext>
      )}
      <Toasts />
    </Toast.Provider>
  );
}

/**
 * Follows whoever the cookie signs in, until what it answers with is called. `gone` is said where it signs in nobody. When the
 * session ends, `again` is called: whatever ended it may have signed in somebody else.
 */
function begin({ gone, was }: Visitor, become: (state: State) => void, again: (round: Visitor) => void): () => void {
  const connection = connect();
  let isIn = false;
  const askWho = () => {
    // Whose session was ended may go on where they were.
    if (gone && gone !== 'ended') clearTab();
    become({ gone });
  };
  const feed: Feed = new Feed({
    line: lineOf(connection),
    outbox: outboxStore(() => feed.me.id),
    onSignedOut: () => (isIn ? again({ gone, was: feed.me.id }) : askWho()),
    onMessage: (message) => notify(feed, message),
  });
  // What the browser has not kept would be lost with the page.
  const hold = (event: BeforeUnloadEvent) => { if (feed.outbox.isAtRisk) event.preventDefault(); };
  become('asking');
  const hurry = () => feed.reading.hurry();
  addEventListener('beforeunload', hold);
  addEventListener('pagehide', hurry);
  let over = false;
  const server = ask(connection.client, LimitsDocument, {})
    .then(({ serverInfo }) => ({ limits: serverInfo.limits, finds: findsOf(serverInfo.features) }));
  server.catch(() => {});
  const leave: Session['leave'] = async (how, task) => {
    // The socket may hear of it before the answer is here.
    gone = how;
    try {
      await task();
    } catch (reason) {
      gone = 'ended';
      throw reason;
    }
    feed.stop();
    tabs.postMessage(how);
    again({ gone });
  };
  void feed.start().then(async () => {
    // Not signed in: `onSignedOut` was told.
    if (over || feed.status === 'starting') return;
    // Whose socket was sent away is not signed in, whatever else the server says.
    if (feed.me.id === was) {
      feed.stop();
      return askWho();
    }
    claimTab(feed.me.id);
    isIn = true;
    gone = 'ended';
    const session = { feed, client: connection.client, ...await server.catch(() => SERVER), leave };
    if (!over) become(session);
  });
  return () => {
    over = true;
    removeEventListener('beforeunload', hold);
    removeEventListener('pagehide', hurry);
    feed.stop();
    connection.close();
  };
}
