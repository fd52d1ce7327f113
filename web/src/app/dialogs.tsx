// The dialogs of open-dialog.ts, each loaded when it is first opened.
import { onDemand } from '../ui/on-demand';
import { openDialog, useOpenDialog } from './open-dialog';

const SettingsDialog = onDemand(() => import('../people/settings').then((module) => module.SettingsDialog));
const NewGroupDialog = onDemand(() => import('../people/new-group').then((module) => module.NewGroupDialog));
const ShortcutsDialog = onDemand(() => import('./shortcuts-dialog').then((module) => module.ShortcutsDialog));
const Switcher = onDemand(() => import('../sidebar/switcher').then((module) => module.Switcher));
const ProfileDialog = onDemand(() => import('../people/profile').then((module) => module.ProfileDialog));
const MessageSheet = onDemand(() => import('../conversation/message-sheet').then((module) => module.MessageSheet));

export function Dialogs() {
  const current = useOpenDialog();
  const kind = current?.kind;
  const onClose = () => openDialog(undefined);
  return (
    <>
      <SettingsDialog open={kind === 'settings'} onClose={onClose} />
      <NewGroupDialog open={kind === 'newGroup'} onClose={onClose} />
      <ShortcutsDialog open={kind === 'shortcuts'} onClose={onClose} />
      <Switcher open={kind === 'switcher'} onClose={onClose} />
      <ProfileDialog userId={current?.kind === 'profile' ? current.userId : undefined} open={kind === 'profile'} onClose={onClose} />
      <MessageSheet menu={current?.kind === 'message' ? current.menu : undefined} open={kind === 'message'} onClose={onClose} />
    </>
  );
}
