// Who one is here, and what one can do about it.
import { Menu } from '@base-ui/react/menu';
import { ChevronDown, LogOut, Settings as Cog } from 'lucide-react';
import { useState } from 'react';
import { useFeed, useSession } from '../app/context';
import { Settings } from '../people/settings';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { useAttempt } from '../ui/toasts';

export function AccountMenu() {
  const { logOut } = useSession();
  const me = useFeed((feed) => feed.person(feed.me.id));
  const attempt = useAttempt();
  const [isSetting, setSetting] = useState(false);
  return (
    <>
      <Menu.Root>
        <Menu.Trigger className="account">
          <Avatar id={me.id} name={me.fullName} picture={me.profilePic} size="small" />
          <bdi className="account-name">{me.fullName}</bdi>
          <ChevronDown aria-hidden="true" />
          <span className="unseen">{texts.sidebar.menu}</span>
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Positioner className="menu-place" align="start" sideOffset={6}>
            <Menu.Popup className="menu">
              <Menu.Item className="menu-item" onClick={() => setSetting(true)}>
                <Cog aria-hidden="true" /> {texts.settings.title}
              </Menu.Item>
              <Menu.Item className="menu-item" onClick={() => void attempt(logOut)}>
                <LogOut aria-hidden="true" /> {texts.settings.logOut}
              </Menu.Item>
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      <Settings open={isSetting} onClose={() => setSetting(false)} />
    </>
  );
}
