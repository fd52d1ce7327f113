// The account menu: mentions, settings, keys, log out, log out everywhere.
import { Menu } from '@base-ui/react/menu';
import { AtSign, Flag, Keyboard, LogOut, MonitorOff, Settings as Cog } from 'lucide-react';
import { useRef, useState } from 'react';
import { useQuery } from '../api/use-query';
import { execute } from '../api/execute';
import { openDialog } from '../app/open-dialog';
import { useFeed, useSession } from '../app/session';
import { LogOutDocument, LogOutEverywhereDocument, ServerRolesDocument } from '../gql/graphql';
import { texts } from '../texts';
import { Avatar } from '../ui/avatar';
import { ConfirmDialog } from '../ui/confirm-dialog';
import { useAttempt } from '../ui/toasts';

const words = texts.settings;

export function AccountMenu() {
  const { client, endSession } = useSession();
  const me = useFeed((feed) => feed.person(feed.me.id));
  const email = useFeed((feed) => feed.me.email);
  const attempt = useAttempt();
  const [isConfirming, setConfirming] = useState(false);
  // Asked for before a pointer opens the menu, so that nothing in it moves: most people are nothing beside a user.
  const [wasAsked, setAsked] = useState(false);
  const [{ data }, reload] = useQuery(ServerRolesDocument, {}, { pause: !wasAsked });
  const ask = () => (wasAsked ? reload() : setAsked(true));
  const logOut = () => attempt(() => endSession('here', () => execute(client, LogOutDocument, {})));
  const logOutEverywhere = () => attempt(() => endSession('everywhere', () => execute(client, LogOutEverywhereDocument, {})));
  // Portalled into the sidebar instead of the end of the page, so that it stays within its landmark.
  const container = useRef<HTMLDivElement>(null);
  return (
    <div ref={container} className="account-container">
      <Menu.Root onOpenChange={(open) => { if (open) ask(); }}>
        <Menu.Trigger className="account" title={me.fullName} onPointerEnter={ask}>
          <Avatar id={me.id} name={me.fullName} picture={me.profilePic} size="small" />
          <span className="visually-hidden"><bdi>{me.fullName}</bdi> {texts.sidebar.menu}</span>
        </Menu.Trigger>
        <Menu.Portal container={container}>
          <Menu.Positioner className="menu-container" align="end" sideOffset={6}>
            <Menu.Popup className="menu">
              <div className="menu-head" aria-hidden="true"><bdi>{me.fullName}</bdi><span>{email}</span></div>
              {data?.serverRoles.includes('MODERATOR') && (
                <Menu.Item className="menu-item" onClick={() => openDialog({ kind: 'reports' })}>
                  <Flag aria-hidden="true" /> {texts.moderation}
                </Menu.Item>
              )}
              <Menu.Item className="menu-item" onClick={() => openDialog({ kind: 'mentions' })}>
                <AtSign aria-hidden="true" /> {texts.mentions.title}
              </Menu.Item>
              <Menu.Item className="menu-item" onClick={() => openDialog({ kind: 'settings' })}>
                <Cog aria-hidden="true" /> {words.title}
              </Menu.Item>
              <Menu.Item className="menu-item" onClick={() => openDialog({ kind: 'shortcuts' })}>
                <Keyboard aria-hidden="true" /> {texts.shortcuts.title}
              </Menu.Item>
              <Menu.Item className="menu-item" onClick={() => void logOut()}>
                <LogOut aria-hidden="true" /> {words.logOut}
              </Menu.Item>
              <Menu.Item className="menu-item" onClick={() => setConfirming(true)}>
                <MonitorOff aria-hidden="true" /> {words.logOutEverywhere}
              </Menu.Item>
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      <ConfirmDialog
        title={words.logOutEverywhereTitle} description={words.logOutEverywhereLead} confirmLabel={words.logOutEverywhere}
        open={isConfirming} onConfirm={() => void logOutEverywhere()} onClose={() => setConfirming(false)}
      />
    </div>
  );
}
