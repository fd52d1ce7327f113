// The sign-in page: log in, or create an account.
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { connect } from '../api/client';
import { execute } from '../api/execute';
import { ServerError } from '../feed';
import { LogInDocument, MeDocument, SignUpDocument } from '../gql/graphql';
import { texts } from '../texts';
import { Mark } from '../ui/mark';
import type { ServerSettings, SignOutReason } from './session';
import { goToSignIn } from './app-sign-in';
import { errorText } from './error-text';

const words = texts.signIn;

interface SignInProps {
  reason: SignOutReason | undefined;
  /** Undefined while they are being loaded. */
  server: ServerSettings | undefined;
  onSignedIn(): void;
}

export function SignIn({ reason, server, onSignedIn }: SignInProps) {
  const [isNew, setNew] = useState(false);
  const [failure, setFailure] = useState<{ text: string; fields: readonly string[] }>();
  const [busy, setBusy] = useState(false);
  // The first field, except on touch screens, where the keyboard would cover the page.
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (matchMedia('(hover: hover)').matches) form.current?.querySelector('input')?.focus();
  }, [isNew]);
  useEffect(() => {
    document.title = texts.title(server?.name ?? texts.name, isNew ? words.signUp : words.logIn, 0);
  }, [isNew, server?.name]);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const value = (name: string) => String(form.get(name) ?? '');
    const input = { email: value('email').trim(), password: value('password') };
    setBusy(true);
    setFailure(undefined);
    const { client, close } = connect();
    try {
      if (isNew) await execute(client, SignUpDocument, { input: { ...input, fullName: value('fullName') } });
      else await execute(client, LogInDocument, { input });
      // Browsers drop a Secure cookie over http silently. If this check fails to reach the server, assume that it was kept.
      const isKept = await execute(client, MeDocument, {}).then(({ me }) => me !== null, () => true);
      if (isKept) return onSignedIn();
      setFailure({ text: words.notKept, fields: [] });
      setBusy(false);
    } catch (error) {
      setFailure({ text: errorText(error), fields: fieldsOf(error) });
      setBusy(false);
    } finally {
      close();
    }
  }

  const invalid = (field: string) =>
    failure?.fields.includes(field) ? { 'aria-invalid': true, 'aria-describedby': 'failure' } : {};
  const title = isNew ? words.signUp : words.logIn;
  // Shown until the server has said that it has none.
  const hasPasswords = server?.hasPasswords ?? true;
  const passwordFields = (
    <>
      {isNew && (
        <label className="field">
          {words.fullName}
          <input name="fullName" autoComplete="name" required maxLength={160} dir="auto" {...invalid('fullName')} />
        </label>
      )}
      <label className="field">
        {words.email}
        <input name="email" type="email" autoComplete="username" required {...invalid('email')} />
      </label>
      <label className="field">
        {words.password}
        <input
          name="password" type="password" required {...invalid('password')}
          autoComplete={isNew ? 'new-password' : 'current-password'}
        />
        {isNew && server && <span className="hint">{words.passwordHint(server.limits.passwordLength)}</span>}
      </label>
      <p id="failure" className="failure" role="alert">{failure?.text}</p>
      <button className="button" data-kind="main" disabled={busy}>{title}</button>
      {(isNew || server?.canSignUp) && (
        <button type="button" className="link-button" onClick={() => { setNew(!isNew); setFailure(undefined); }}>
          {isNew ? words.toLogIn : words.toSignUp}
        </button>
      )}
    </>
  );
  return (
    <main className="sign-in">
      <form ref={form} className="card" onSubmit={(event) => void submit(event)} aria-label={title}>
        <Mark logoUrl={server?.logoUrl} />
        <h1>{words.welcome(server?.name)}</h1>
        <p className="secondary">{words.lead}</p>
        {reason && <p className="note" role="status">{words.signedOut[reason]}</p>}
        {hasPasswords && passwordFields}
        {server?.signInUrl && (
          <button
            type="button" className={hasPasswords ? 'link-button' : 'button'} data-kind={hasPasswords ? undefined : 'main'}
            onClick={() => goToSignIn(server.signInUrl ?? '')}
          >
            {hasPasswords ? words.withTheApp : words.atTheApp}
          </button>
        )}
        {!hasPasswords && !server?.signInUrl && <p className="note">{words.onlyTheApp}</p>}
      </form>
    </main>
  );
}

/** The fields that an error is about. None for one that is not about the input, such as an unreachable server. */
function fieldsOf(error: unknown): readonly string[] {
  if (!(error instanceof ServerError)) return [];
  if (error.code === 'EMAIL_TAKEN') return ['email'];
  // The server does not say which of them is wrong.
  if (error.code === 'INVALID_CREDENTIALS') return ['email', 'password'];
  return error.field ? [error.field.replace(/^input\./, '')] : [];
}
