// The "+": begins a conversation with somebody, or a group.
import { Menu } from '@base-ui/react/menu';
import { MessageCircle, Plus, Users } from 'lucide-react';
import { useRef } from 'react';
import { openDialog } from '../app/open-dialog';
import { texts } from '../texts';

const words = texts.sidebar;

export function NewMenu({ onWrite }: { onWrite(): void }) {
  const container = useRef<HTMLDivElement>(null);
  const isWriting = useRef(false);
  return (
    <div ref={container}>
      <Menu.Root onOpenChange={(open) => { if (open) isWriting.current = false; }}>
        <Menu.Trigger className="icon-button new" aria-label={words.new} title={words.new}><Plus /></Menu.Trigger>
        <Menu.Portal container={container}>
          <Menu.Positioner className="menu-container" align="end" sideOffset={6}>
            {/* The search field gets the focus instead of the button. */}
            <Menu.Popup className="menu" finalFocus={() => !isWriting.current}>
              <Menu.Item className="menu-item" onClick={() => { isWriting.current = true; onWrite(); }}>
                <MessageCircle aria-hidden="true" /> {words.newMessage}
              </Menu.Item>
              <Menu.Item className="menu-item" onClick={() => openDialog({ kind: 'newGroup' })}>
                <Users aria-hidden="true" /> {words.newGroup}
              </Menu.Item>
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
    </div>
  );
}
