// The question before somebody is blocked.
import { useEffect, useState } from 'react';
import { useSession } from '../app/session';
import { texts } from '../texts';
import { ConfirmDialog } from '../ui/confirm-dialog';
import { useAttempt, useShowNotice } from '../ui/toasts';

const words = texts.blocks;

interface BlockDialogProps {
  /** Undefined while it is closed. */
  userId: string | undefined;
  open: boolean;
  onClose(): void;
}

export function BlockDialog({ userId, open, onClose }: BlockDialogProps) {
  const { feed } = useSession();
  const attempt = useAttempt();
  const showNotice = useShowNotice();
  // The one that was shown last, while the dialog fades out.
  const [shownId, setShownId] = useState(userId);
  useEffect(() => { if (userId) setShownId(userId); }, [userId]);
  const id = userId ?? shownId;
  if (!id) return null;
  const { fullName } = feed.person(id);
  const block = async () => {
    if (await attempt(() => feed.blocks.change(id, true))) showNotice(words.done(fullName));
  };
  return (
    <ConfirmDialog
      title={words.title(fullName)} description={words.lead} confirmLabel={words.block}
      open={open} onConfirm={() => void block()} onClose={onClose}
    />
  );
}
