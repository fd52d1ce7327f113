// The dialogs of open-dialog.ts, each loaded when it is first opened.
import { onDemand } from '../ui/on-demand';
import { openDialog, useOpenDialog } from './open-dialog';

const SettingsDialog = onDemand(() => import('../people/settings').then((module) => module.SettingsDialog));
const NewGroupDialog = onDemand(() => import('../people/new-group').then((module) => module.NewGroupDialog));
const ShortcutsDialog = onDemand(() => import('./shortcuts-dialog').then((module) => module.ShortcutsDialog));
const Switcher = onDemand(() => import('../sidebar/switcher').then((module) => module.Switcher));
const ProfileDialog = onDemand(() => import('../people/profile').then((module) => module.ProfileDialog));
const MessageSheet = onDemand(() => import('../conversation/message-sheet').then((module) => module.MessageSheet));
const BlockDialog = onDemand(() => import('../people/block-dialog').then((module) => module.BlockDialog));
const ReportDialog = onDemand(() => import('../people/report-dialog').then((module) => module.ReportDialog));
const MentionsDialog = onDemand(() => import('../sidebar/mentions-dialog').then((module) => module.MentionsDialog));
const ReportsDialog = onDemand(() => import('../moderation/reports-dialog').then((module) => module.ReportsDialog), { isLarge: true });

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
      <BlockDialog userId={current?.kind === 'block' ? current.userId : undefined} open={kind === 'block'} onClose={onClose} />
      <ReportDialog about={current?.kind === 'report' ? current : undefined} open={kind === 'report'} onClose={onClose} />
      <MentionsDialog open={kind === 'mentions'} onClose={onClose} />
      <ReportsDialog open={kind === 'reports'} onClose={onClose} />
      <MessageSheet menu={current?.kind === 'message' ? current.menu : undefined} open={kind === 'message'} onClose={onClose} />
    </>
  );
}
