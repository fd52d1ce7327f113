// Creates a group: its title and members.
import { type FormEvent, useState } from 'react';
import { useLocation } from 'wouter';
import { execute } from '../api/execute';
import { useSession } from '../app/session';
import { CreateGroupDocument } from '../gql/graphql';
import { texts } from '../texts';
import { Dialog } from '../ui/dialog';
import { useAttempt } from '../ui/toasts';
import { type PersonChoice, PersonPicker } from './person-picker';

export function NewGroupDialog({ open, onClose }: { open: boolean; onClose(): void }) {
  return <Dialog title={texts.group.create} open={open} onClose={onClose}><NewGroupForm onDone={onClose} /></Dialog>;
}

function NewGroupForm({ onDone }: { onDone(): void }) {
  const { client, feed } = useSession();
  const [, go] = useLocation();
  const attempt = useAttempt();
  const [chosen, setChosen] = useState<readonly PersonChoice[]>([]);
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const title = String(new FormData(event.currentTarget).get('title') ?? '');
    setBusy(true);
    await attempt(async () => {
      const input = { title, memberIds: chosen.map(({ id }) => id) };
      const { createConversation } = await execute(client, CreateGroupDocument, { input });
      await feed.loadConversation({ conversationId: createConversation.id });
      onDone();
      go(`/c/${createConversation.id}`, { replace: true });
    });
    setBusy(false);
  }

  return (
    <form className="form" onSubmit={(event) => void submit(event)}>
      <label className="field">
        {texts.group.title}
        <input data-first name="title" required maxLength={200} dir="auto" aria-describedby="title-hint" />
        <span className="hint" id="title-hint">{texts.group.titleHint}</span>
      </label>
      <PersonPicker chosen={chosen} onChange={setChosen} />
      <footer className="form-foot">
        <button type="button" className="button" onClick={onDone}>{texts.cancel}</button>
        <button className="button" data-kind="main" disabled={busy}>{texts.group.submit}</button>
      </footer>
    </form>
  );
}
