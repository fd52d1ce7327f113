// What a visitor sees: log in, or make an account.
import { MessagesSquare } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { connect } from '../api/client';
import { ask } from '../api/line';
import { Refusal } from '../feed';
import { LogInDocument, MeDocument, SignUpDocument } from '../gql/graphql';
import { texts } from '../texts';
import type { Gone } from './context';
import { helpful } from './helpful';

const words = texts.signIn;

export function SignIn({ gone, onSignedIn }: { gone: Gone | undefined; onSignedIn(): void }) {
  const [isNew, setNew] = useState(false);
  const [failure, setFailure] = useState<{ text: string; field: string | undefined }>();
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const value = (name: string) => String(form.get(name) ?? '');
    const input = { email: value('email').trim(), password: value('password') };
    setBusy(true);
    setFailure(undefined);
    const { client, close } = connect();
    try {
      if (isNew) await ask(client, SignUpDocument, { input: { ...input, fullName: value('fullName') } });
      else await ask(client, LogInDocument, { input });
      // A Secure cookie that came over http is dropped without a word. What this can't find out, the page will.
      const isKept = await ask(client, MeDocument, {}).then(({ me }) => me !== null, () => true);
      if (isKept) return onSignedIn();
      setFailure({ text: words.notKept, field: '' });
      setBusy(false);
    } catch (reason) {
      const field = reason instanceof Refusal ? reason.field?.replace(/^input\./, '') : undefined;
      setFailure({ text: helpful(reason), field });
      setBusy(false);
    } finally {
      close();
    }
  }

  const invalid = (field: string) =>
    failure && (failure.field ?? field) === field ? { 'aria-invalid': true, 'aria-describedby': 'failure' } : {};
  const title = isNew ? words.signUp : words.logIn;
  return (
    <main className="sign-in">
      <form className="card" onSubmit={(event) => void submit(event)} aria-label={title}>
        <MessagesSquare className="sign-in-mark" aria-hidden="true" />
        <h1>{words.welcome}</h1>
        <p className="quiet">{words.lead}</p>
        {gone && <p className="note" role="status">{words.gone[gone]}</p>}
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
          {isNew && <span className="hint">{words.passwordHint(6)}</span>}
        </label>
        <p id="failure" className="failure" role="alert">{failure?.text}</p>
        <button className="button" data-kind="main" disabled={busy}>{title}</button>
        <button type="button" className="link-button" onClick={() => { setNew(!isNew); setFailure(undefined); }}>
          {isNew ? words.toLogIn : words.toSignUp}
        </button>
      </form>
    </main>
  );
}
