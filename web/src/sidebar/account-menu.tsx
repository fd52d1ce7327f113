// Who one is here, and what one can do about it.
import { Menu } from '@base-ui/react/menu';
import { ChevronDown, LogOut, MonitorOff, Settings as Cog } from 'lucide-react';
import { useRef, useState } from 'react';
import { execute } from '../api/transport';
import { useFeed, useSession } from '../app/session';
import { LogOutDocument, LogOutEverywhereDocument } from '../gql/graphql';
import { Settings } from '../people/settings';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { ConfirmDialog } from '../ui/dialog';
import { useAttempt } from '../ui/toasts';

const words = texts.settings;

export function AccountMenu() {
  const { client, endSession } = useSession();
  const me = useFeed((feed) => feed.person(feed.me.id));
  const attempt = useAttempt();
  const [isSetting, setSetting] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const logOut = () => attempt(() => endSession('here', () => execute(client, LogOutDocument, {})));
  const logOutEverywhere = () => attempt(() => endSession('everywhere', () => execute(client, LogOutEverywhereDocument, {})));
  // Within the landmark that it belongs to, and not at the end of the page.
  const place = useRef<HTMLDivElement>(null);
  return (
    <div ref={place} className="account-place">
      <Menu.Root>
        <Menu.Trigger className="account">
          <Avatar id={me.id} name={me.fullName} picture={me.profilePic} size="small" />
          <bdi className="account-name">{me.fullName}</bdi>
          <ChevronDown aria-hidden="true" />
          <span className="unseen">{texts.sidebar.menu}</span>
        </Menu.Trigger>
        <Menu.Portal container={place}>
          <Menu.Positioner className="menu-place" align="start" sideOffset={6}>
            <Menu.Popup className="menu">
              <Menu.Item className="menu-item" onClick={() => setSetting(true)}>
                <Cog aria-hidden="true" /> {words.title}
              </Menu.Item>
              <Menu.Item className="menu-item" onClick={() => void logOut()}>
                <LogOut aria-hidden="true" /> {words.logOut}
              </Menu.Item>
              <Menu.Item className="menu-item" onClick={() => setAsking(true)}>
                <MonitorOff aria-hidden="true" /> {words.logOutEverywhere}
              </Menu.Item>
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      <Settings open={isSetting} onClose={() => setSetting(false)} />
      <ConfirmDialog
        title={words.logOutEverywhereTitle} lead={words.logOutEverywhereLead} answer={words.logOutEverywhere}
        open={isAsking} onYes={() => void logOutEverywhere()} onClose={() => setAsking(false)}
      />
    </div>
  );
}
