// Who is here: a visitor, who may sign in, or somebody signed in, with their feed.
import { Toast } from '@base-ui/react/toast';
import { useEffect, useState } from 'react';
import { Provider } from 'urql';
import { connect } from '../api/client';
import { ask, lineOf } from '../api/line';
import { Feed } from '../feed';
import { LimitsDocument, LogOutDocument } from '../gql/graphql';
import { texts } from '../texts';
import { Toasts } from '../ui/toasts';
import { type Session, SessionContext } from './context';
import { notify } from './notices';
import { outboxStore } from './outbox-store';
import { Shell } from './shell';
import { SignIn } from './sign-in';

/** Where the server did not say: as it is by default. */
const LIMITS = { messageLength: 4_000, groupMembers: 1_000, imageBytes: 10 * 2 ** 20, imagePixels: 32_000_000 };

/** Tells the other tabs of this browser that somebody else is signed in now, or nobody. */
const tabs = new BroadcastChannel('parlour.session');

export function App() {
  const [state, setState] = useState<'asking' | 'visitor' | Session>('asking');
  // Rises with each signing in: another session, another feed.
  const [round, setRound] = useState(0);
  useEffect(() => begin(setState), [round]);
  useEffect(() => {
    const again = () => setRound((now) => now + 1);
    tabs.addEventListener('message', again);
    return () => tabs.removeEventListener('message', again);
  }, []);
  const signedIn = () => {
    tabs.postMessage(null);
    setRound((now) => now + 1);
  };
  return (
    <Toast.Provider>
      {state === 'asking' && <p className="splash" role="status">{texts.connecting}</p>}
      {state === 'visitor' && <SignIn onSignedIn={signedIn} />}
      {typeof state === 'object' && (
        <SessionContext value={state}>
          <Provider value={state.client}><Shell /></Provider>
        </SessionContext>
      )}
      <Toasts />
    </Toast.Provider>
  );
}

/** Follows whoever the cookie signs in, until what it answers with is called. */
function begin(become: (state: 'asking' | 'visitor' | Session) => void): () => void {
  const connection = connect();
  const feed: Feed = new Feed({
    line: lineOf(connection),
    outbox: outboxStore(() => feed.me.id),
    onSignedOut: () => become('visitor'),
    onMessage: (message) => notify(feed, message),
  });
  become('asking');
  let over = false;
  const limits = ask(connection.client, LimitsDocument, {}).then(({ serverInfo }) => serverInfo.limits);
  limits.catch(() => {});
  void feed.start().then(async () => {
    // Not signed in: `onSignedOut` was told.
    if (over || feed.status === 'starting') return;
    become({ feed, client: connection.client, limits: await limits.catch(() => LIMITS), logOut });
  });
  const logOut = async () => {
    await ask(connection.client, LogOutDocument, {});
    feed.stop();
    sessionStorage.clear();
    tabs.postMessage(null);
    become('visitor');
  };
  return () => {
    over = true;
    feed.stop();
    connection.close();
  };
}
