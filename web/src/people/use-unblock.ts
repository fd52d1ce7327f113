// Ends the block of somebody.
import { useSession } from '../app/session';
import { texts } from '../texts';
import { useAttempt, useShowNotice } from '../ui/toasts';

export function useUnblock(userId: string): () => void {
  const { feed } = useSession();
  const attempt = useAttempt();
  const showNotice = useShowNotice();
  return () => void attempt(() => feed.blocks.change(userId, false)).then((isDone) => {
    if (isDone) showNotice(texts.blocks.undone(feed.person(userId).fullName));
  });
}
