// What one can begin with: write to somebody, or make a group. None where nobody can be found.
import { MessageCircle, Users } from 'lucide-react';
import { openDialog } from '../app/open-dialog';
import { useSession } from '../app/session';
import { texts } from '../texts';

export function FirstSteps() {
  const { peopleSearchMode } = useSession();
  if (peopleSearchMode === 'off') return null;
  return (
    <div className="first-steps">
      <button className="button" data-kind="main" onClick={() => document.querySelector<HTMLElement>('[data-find]')?.focus()}>
        <MessageCircle aria-hidden="true" /> {texts.sidebar.write}
      </button>
      <button className="button" onClick={() => openDialog({ kind: 'newGroup' })}>
        <Users aria-hidden="true" /> {texts.sidebar.newGroup}
      </button>
    </div>
  );
}
