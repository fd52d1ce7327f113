// Signing in at an app that has a login of its own: the way there, and the token with which it sends the browser back.
import { connect } from '../api/client';
import { execute } from '../api/execute';
import { LogInWithTokenDocument } from '../gql/graphql';

/** Where the tab keeps what it sent along, so that nobody else can send it a token. */
const STATE_KEY = 'parlour.sign-in-state';

/** Leaves for the app's sign-in. It comes back to this address with `#token=…&state=…`. */
export function goToSignIn(signInUrl: string): void {
  const state = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  sessionStorage.setItem(STATE_KEY, state);
  const address = new URL(signInUrl);
  address.searchParams.set('return_to', location.origin + location.pathname + location.search);
  address.searchParams.set('state', state);
  location.assign(address);
}

/**
 * Takes the token out of the address, where it is seen by nobody else and in no history. Undefined if there is none, or if this
 * tab did not ask for it: a link with somebody else's token must not sign anybody in.
 */
export function takeToken(): string | undefined {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get('token');
  if (token === null) return undefined;
  history.replaceState(null, '', location.pathname + location.search);
  const state = sessionStorage.getItem(STATE_KEY);
  sessionStorage.removeItem(STATE_KEY);
  return state !== null && fragment.get('state') === state ? token : undefined;
}

/** Exchanges the token for a session, whose cookie the browser keeps. */
export async function logInWithToken(token: string): Promise<void> {
  const { client, close } = connect();
  try {
    await execute(client, LogInWithTokenDocument, { token });
  } finally {
    close();
  }
}
