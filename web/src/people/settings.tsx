// One's own settings: the name that others see, and how the pages look and speak up on this device.
import { type FormEvent, useState } from 'react';
import { ask } from '../api/line';
import { useFeed, useSession } from '../app/context';
import { noticesOn, setNotices } from '../app/notices';
import { setTheme, theme, themes } from '../app/theme';
import { RenameDocument } from '../gql/graphql';
import { texts } from '../texts';
import { Dialog } from '../ui/dialog';
import { useAttempt, useTell } from '../ui/toasts';
import { ProfilePicture } from './profile-picture';
import { Devices, Goodbye, Password } from './devices';

const words = texts.settings;

export function Settings({ open, onClose }: { open: boolean; onClose(): void }) {
  return (
    <Dialog title={words.title} open={open} onClose={onClose}>
      <div className="form">
        <Profile />
        <Look />
        <Notices />
        <Devices />
        <Password />
        <Goodbye />
      </div>
    </Dialog>
  );
}

function Profile() {
  const { client } = useSession();
  const me = useFeed((feed) => feed.me);
  const attempt = useAttempt();
  const tell = useTell();
  const save = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fullName = String(new FormData(event.currentTarget).get('fullName') ?? '');
    if (await attempt(() => ask(client, RenameDocument, { fullName }))) tell(words.saved);
  };
  return (
    <form className="section" onSubmit={(event) => void save(event)}>
      <h3>{words.profile}</h3>
      <p className="quiet">{me.email}</p>
      <ProfilePicture />
      <label className="field">
        {words.fullName}
        <span className="with-button">
          <input key={me.fullName} name="fullName" defaultValue={me.fullName} required maxLength={160} dir="auto" />
          <button className="button">{texts.save}</button>
        </span>
      </label>
    </form>
  );
}

function Look() {
  const [chosen, setChosen] = useState(theme);
  return (
    <fieldset className="section">
      <legend>{words.look}</legend>
      <div className="segments">
        {themes.map((name) => (
          <label key={name} className="segment">
            <input
              type="radio" name="theme" checked={chosen === name}
              onChange={() => { setTheme(name); setChosen(name); }}
            />
            <span>{words[name]}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Notices() {
  const [on, setOn] = useState(noticesOn);
  const [isDenied, setDenied] = useState(false);
  const toggle = async (wanted: boolean) => {
    const allowed = await setNotices(wanted);
    setDenied(!allowed);
    setOn(allowed && wanted);
  };
  return (
    <section className="section">
      <h3>{words.notices}</h3>
      <label className="check">
        <input type="checkbox" checked={on} onChange={({ target }) => void toggle(target.checked)} />
        {words.noticesLead}
      </label>
      {isDenied && <p className="hint" role="status">{isSecureContext ? words.noticesDenied : words.noticesInsecure}</p>}
    </section>
  );
}
