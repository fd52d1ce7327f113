// Settings of the account: sessions on other devices, the password, and deleting the account.
import { type FormEvent, useRef, useState } from 'react';
import { execute } from '../api/execute';
import { useQuery } from '../api/use-query';
import { useSession } from '../app/session';
import { formatRelative } from '../app/dates';
import { errorText } from '../app/error-text';
import {
  ChangePasswordDocument, DeleteAccountDocument, DevicesDocument, EndOtherSessionsDocument, EndSessionDocument,
} from '../gql/graphql';
import { texts } from '../texts';
import { ServerError } from '../feed';
import { PasswordField } from '../ui/password-field';
import { useAttempt, useShowNotice } from '../ui/toasts';

const words = texts.settings;

/** Browser and operating system, guessed from a user agent string. */
function deviceName(userAgent: string | null): string {
  const find = (names: readonly [RegExp, string][]) => names.find(([pattern]) => pattern.test(userAgent ?? ''))?.[1];
  const browser = find([[/Edg\//, 'Edge'], [/OPR\//, 'Opera'], [/Firefox\//, 'Firefox'], [/Chrom/, 'Chrome'], [/Safari\//, 'Safari']]);
  const system = find([[/Android/, 'Android'], [/iPhone|iPad/, 'iOS'], [/Windows/, 'Windows'], [/Mac OS/, 'macOS'], [/Linux/, 'Linux']]);
  return [browser, system].filter(Boolean).join(', ') || userAgent?.slice(0, 40) || words.unknownDevice;
}

export function Devices() {
  const { client } = useSession();
  const attempt = useAttempt();
  const [{ data }, reload] = useQuery(DevicesDocument, {});
  const endAndReload = async (task: () => Promise<unknown>) => {
    if (await attempt(task)) reload();
  };
  const sessions = data?.sessions ?? [];
  return (
    <section className="section">
      <h3>{words.devices}</h3>
      <ul className="members">
        {sessions.map(({ id, current, userAgent, lastUsedAt }) => (
          <li key={id} className="row">
            <span className="row-main">
              <span className="row-name">{deviceName(userAgent)}</span>
              <span className="hint">{words.lastUsed(formatRelative(lastUsedAt))}</span>
            </span>
            {current
              ? <span className="tag">{words.thisDevice}</span>
              : (
                <button type="button" className="link-button" onClick={() => void endAndReload(() => execute(client, EndSessionDocument, { id }))}>
                  {words.endSession}
                </button>
              )}
          </li>
        ))}
      </ul>
      {sessions.length > 1 && (
        <button type="button" className="button" onClick={() => void endAndReload(() => execute(client, EndOtherSessionsDocument, {}))}>
          {words.endOthers}
        </button>
      )}
    </section>
  );
}

/** What is wrong about the passwords of a form. */
interface PasswordErrors {
  current?: string;
  next?: string;
}

/** Runs the task of a form with passwords, and resolves to whether it succeeded. Errors about the passwords are for their fields. */
function usePasswordAttempt() {
  const attempt = useAttempt();
  const [errors, setErrors] = useState<PasswordErrors>({});
  const run = async (task: () => Promise<unknown>): Promise<boolean> => {
    let found: PasswordErrors = {};
    const isDone = await attempt(() => task().catch((reason: unknown) => {
      found = passwordErrors(reason);
      if (!found.current && !found.next) throw reason;
    }));
    setErrors(found);
    return isDone && !found.current && !found.next;
  };
  return [errors, run] as const;
}

function passwordErrors(reason: unknown): PasswordErrors {
  if (!(reason instanceof ServerError)) return {};
  if (reason.code === 'INVALID_CREDENTIALS') return { current: words.passwordWrong };
  return reason.field === 'newPassword' ? { next: errorText(reason) } : {};
}

export function ChangePassword() {
  const { client, limits } = useSession();
  const [errors, attempt] = usePasswordAttempt();
  const showNotice = useShowNotice();
  const form = useRef<HTMLFormElement>(null);
  const change = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = new FormData(event.currentTarget);
    const variables = { now: String(typed.get('now')), next: String(typed.get('next')) };
    if (!(await attempt(() => execute(client, ChangePasswordDocument, variables)))) return;
    form.current?.reset();
    showNotice(words.passwordChanged);
  };
  return (
    <form ref={form} className="section" onSubmit={(event) => void change(event)}>
      <h3>{words.password}</h3>
      <PasswordField label={words.passwordNow} name="now" autoComplete="current-password" error={errors.current} />
      <PasswordField
        label={words.passwordNext} name="next" autoComplete="new-password" error={errors.next}
        hint={`${texts.signIn.passwordHint(limits.passwordLength)} ${words.passwordHint}`}
      />
      <button className="button">{words.passwordChange}</button>
    </form>
  );
}

/** Asks for the password, as this cannot be undone. */
export function DeleteAccount() {
  const { client, endSession } = useSession();
  const [errors, attempt] = usePasswordAttempt();
  const erase = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const password = String(new FormData(event.currentTarget).get('password'));
    void attempt(() => endSession('erased', () => execute(client, DeleteAccountDocument, { password })));
  };
  return (
    <details>
      <summary>{words.deleteAccount}</summary>
      <form className="section" onSubmit={erase}>
        <p>{words.deleteAccountLead}</p>
        <PasswordField label={words.deleteAccountPassword} name="password" autoComplete="current-password" error={errors.current} />
        <button className="button" data-kind="danger">{words.deleteAccountSubmit}</button>
      </form>
    </details>
  );
}
