// The settings: profile and account, and appearance and notifications on this device.
import { Tabs } from '@base-ui/react/tabs';
import { Ban, Bell, KeyRound, MonitorSmartphone, SunMoon, UserRound } from 'lucide-react';
import { type FormEvent, type ReactNode, useState } from 'react';
import { execute } from '../api/execute';
import { useFeed, useSession } from '../app/session';
import { notificationsEnabled, setNotificationsEnabled } from '../app/notifications';
import { setTheme, theme, themes } from '../app/theme';
import { RenameDocument } from '../gql/graphql';
import { texts } from '../texts';
import { Dialog } from '../ui/dialog';
import { useAttempt, useShowNotice } from '../ui/toasts';
import { BlockedPeople } from './blocked-people';
import { ChangePassword, DeleteAccount, Devices } from './account-security';
import { ProfilePicture } from './picture-chooser';

const words = texts.settings;

interface Section {
  name: string;
  Icon: typeof Bell;
  content: ReactNode;
}

export function SettingsDialog({ open, onClose }: { open: boolean; onClose(): void }) {
  const { hasPasswords } = useSession();
  const sections: readonly Section[] = [
    { name: words.profile, Icon: UserRound, content: <Profile /> },
    { name: words.appearance, Icon: SunMoon, content: <Appearance /> },
    { name: words.notifications, Icon: Bell, content: <NotificationSettings /> },
    { name: words.blocked, Icon: Ban, content: <BlockedPeople title={words.blocked} none={words.blockedNone} /> },
    { name: words.devices, Icon: MonitorSmartphone, content: <Devices /> },
    ...(hasPasswords ? [{ name: words.account, Icon: KeyRound, content: <><ChangePassword /><DeleteAccount /></> }] : []),
  ];
  return (
    <Dialog title={words.title} open={open} onClose={onClose}>
      <Tabs.Root className="settings" defaultValue={words.profile}>
        <Tabs.List className="settings-sections" aria-label={words.title}>
          {sections.map(({ name, Icon }) => (
            <Tabs.Tab key={name} value={name} className="settings-section">
              <Icon aria-hidden="true" /> {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {sections.map(({ name, content }) => (
          <Tabs.Panel key={name} value={name} className="settings-panel form">{content}</Tabs.Panel>
        ))}
      </Tabs.Root>
    </Dialog>
  );
}

function Profile() {
  const { client } = useSession();
  const me = useFeed((feed) => feed.me);
  const attempt = useAttempt();
  const showNotice = useShowNotice();
  const save = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fullName = String(new FormData(event.currentTarget).get('fullName') ?? '');
    if (await attempt(() => execute(client, RenameDocument, { fullName }))) showNotice(words.saved);
  };
  return (
    <form className="section" onSubmit={(event) => void save(event)}>
      <h3>{words.profile}</h3>
      <p className="secondary">{me.email}</p>
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

function Appearance() {
  const [chosen, setChosen] = useState(theme);
  return (
    <fieldset className="section">
      <legend>{words.appearance}</legend>
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

function NotificationSettings() {
  const [isOn, setOn] = useState(notificationsEnabled);
  const [isDenied, setDenied] = useState(false);
  const toggle = async (turnOn: boolean) => {
    const allowed = await setNotificationsEnabled(turnOn);
    setDenied(!allowed);
    setOn(allowed && turnOn);
  };
  return (
    <section className="section">
      <h3>{words.notifications}</h3>
      <label className="check">
        <input type="checkbox" checked={isOn} onChange={({ target }) => void toggle(target.checked)} />
        {words.notificationsLead}
      </label>
      {isDenied && <p className="hint" role="status">{isSecureContext ? words.notificationsDenied : words.notificationsInsecure}</p>}
    </section>
  );
}
