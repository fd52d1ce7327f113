// The root component: shows the sign-in page, or starts a session with its feed.
import { useEffect, useState } from 'react';
import { connect } from '../api/client';
import { execute } from '../api/execute';
import { createTransport } from '../api/transport';
import { Feed } from '../feed';
import { LimitsDocument } from '../gql/graphql';
import { texts } from '../texts';
import { Toasts } from '../ui/toasts';
import { goToSignIn, logInWithToken, takeToken } from './app-sign-in';
import { findAddedGroups, onAddedTo } from './added-conversations';
import { notifyOfMessage } from './notifications';
import { outboxStore } from './outbox-store';
import { peopleSearchModeOf, type ServerSettings, type Session, SessionContext, type SignOutReason } from './session';
import { Shell } from './shell';
import { SignIn } from './sign-in';
import { Splash } from './splash';

/** The server's defaults, for when its settings cannot be loaded. */
const DEFAULT_SERVER: ServerSettings = {
  name: texts.name,
  logoUrl: null,
  limits: {
    messageLength: 4_000, groupMembers: 1_000, imageBytes: 10 * 2 ** 20, imagePixels: 32_000_000, imageSide: 10_000, passwordLength: 6,
  },
  peopleSearchMode: 'directory',
  canSignUp: true,
  hasPasswords: true,
  signInUrl: null,
};

/** The token with which the app's own sign-in has sent the browser here. Taken before anything else looks at the address. */
let tokenFromApp = takeToken();

/** Notifies other tabs of this browser: of a sign-out with its reason, of a sign-in with undefined. */
const otherTabs = new BroadcastChannel('parlour.session');

interface SignedOut {
  /** Undefined if there was no session before. */
  reason: SignOutReason | undefined;
  /** Undefined while they are being loaded. */
  server?: ServerSettings | undefined;
  /** The user whose session ended. */
  previousUserId?: string;
}

type AppState = 'connecting' | SignedOut | Session;

export function App() {
  const [state, setState] = useState<AppState>('connecting');
  // Set with each sign-in and sign-out, which starts a new session with a new feed.
  const [startedFrom, setStartedFrom] = useState<SignedOut>({ reason: undefined });
  useEffect(() => {
    const token = tokenFromApp;
    tokenFromApp = undefined;
    if (token === undefined) return startSession(startedFrom, setState, setStartedFrom);
    void logInWithToken(token).then(onSignedIn, () => setStartedFrom({ reason: 'refused' }));
    return undefined;
  }, [startedFrom]);
  useEffect(() => {
    const onMessage = ({ data }: MessageEvent<SignOutReason | undefined>) => setStartedFrom({ reason: data });
    otherTabs.addEventListener('message', onMessage);
    return () => otherTabs.removeEventListener('message', onMessage);
  }, []);
  const onSignedIn = () => {
    otherTabs.postMessage(undefined);
    setStartedFrom({ reason: undefined });
  };
  return (
    <>
      {state === 'connecting' && <Splash onRetry={() => setStartedFrom((from) => ({ ...from }))} />}
      {typeof state === 'object' && 'reason' in state && <SignIn reason={state.reason} server={state.server} onSignedIn={onSignedIn} />}
      {typeof state === 'object' && 'feed' in state && (
        <SessionContext value={state}>
          <Shell />
        </SessionContext>
      )}
      <Toasts />
    </>
  );
}

/**
 * Starts a session for the user whose cookie the browser holds, or shows the sign-in page with the reason. Calls `restart` when
 * the session ends, as someone else may have signed in. Returns a function that stops everything.
 */
function startSession(
  { reason, previousUserId }: SignedOut,
  setState: (state: AppState) => void,
  restart: (from: SignedOut) => void,
): () => void {
  const connection = connect();
  let isSignedIn = false;
  const showSignIn = () => {
    // A session that was ended elsewhere, or expired, may continue where it was.
    if (reason && reason !== 'ended') clearTab();
    setState({ reason });
    void server.catch(() => DEFAULT_SERVER).then((server) => {
      if (isStopped) return;
      // Whoever has just signed out, or was refused, is not sent back at once: they would come in again, or go round for ever.
      const mayLeave = reason === undefined || reason === 'ended';
      if (server.signInUrl && !server.hasPasswords && mayLeave) goToSignIn(server.signInUrl);
      else setState({ reason, server });
    });
  };
  const feed: Feed = new Feed({
    transport: createTransport(connection),
    outbox: outboxStore(() => feed.me.id),
    onSignedOut: () => (isSignedIn ? restart({ reason, previousUserId: feed.me.id }) : showSignIn()),
    onMessage: (message) => notifyOfMessage(feed, message),
    onAdded: (conversationId) => onAddedTo(feed, conversationId),
  });
  // Asks before the page closes if messages would be lost.
  const onBeforeUnload = (event: BeforeUnloadEvent) => { if (feed.outbox.hasUnpersisted) event.preventDefault(); };
  const onPageHide = () => feed.readMarks.sendPendingNow();
  setState('connecting');
  addEventListener('beforeunload', onBeforeUnload);
  addEventListener('pagehide', onPageHide);
  let isStopped = false;
  const server = execute(connection.client, LimitsDocument, {})
    .then(({ serverInfo: { name, logoUrl, limits, features, signInUrl } }) => ({
      name,
      logoUrl: logoUrl ?? null,
      limits,
      peopleSearchMode: peopleSearchModeOf(features),
      canSignUp: features.includes('signup'),
      hasPasswords: features.includes('login'),
      signInUrl: signInUrl ?? null,
    }));
  server.catch(() => {});
  const endSession: Session['endSession'] = async (signOutReason, task) => {
    // Set before the task: the socket may be closed before the response arrives.
    reason = signOutReason;
    try {
      await task();
    } catch (error) {
      reason = 'ended';
      throw error;
    }
    feed.stop();
    otherTabs.postMessage(signOutReason);
    restart({ reason });
  };
  void feed.start().then(async () => {
    // Not signed in: `onSignedOut` was called.
    if (isStopped || feed.status === 'starting') return;
    // The socket was closed because this user's session ended, so the server's later answer is outdated.
    if (feed.me.id === previousUserId) {
      feed.stop();
      return showSignIn();
    }
    claimTab(feed.me.id);
    findAddedGroups(feed);
    isSignedIn = true;
    reason = 'ended';
    const session = { feed, client: connection.client, ...await server.catch(() => DEFAULT_SERVER), endSession };
    if (!isStopped) setState(session);
  });
  return () => {
    isStopped = true;
    removeEventListener('beforeunload', onBeforeUnload);
    removeEventListener('pagehide', onPageHide);
    feed.stop();
    connection.close();
  };
}

// ---- The tab's drafts (session storage) and address belong to one user

const TAB_OWNER_KEY = 'parlour.person';

/** Removes everything of the previous user. */
function clearTab(): void {
  sessionStorage.clear();
  history.replaceState(null, '', '/');
}

/** Makes this user the owner of the tab. The address is kept unless it belongs to a previous user. */
function claimTab(userId: string): void {
  const owner = sessionStorage.getItem(TAB_OWNER_KEY);
  if (owner === userId) return;
  if (owner) clearTab();
  sessionStorage.clear();
  sessionStorage.setItem(TAB_OWNER_KEY, userId);
}
