// Reports a message, a person or a conversation to the moderators of the server.
import { type FormEvent, useEffect, useState } from 'react';
import { execute } from '../api/execute';
import type { OpenDialog } from '../app/open-dialog';
import { useSession } from '../app/session';
import { ReportDocument, type ReportReason } from '../gql/graphql';
import { texts } from '../texts';
import { reasons, report as words } from '../texts-reports';
import { Dialog } from '../ui/dialog';
import { useAttempt, useShowNotice } from '../ui/toasts';

type About = Extract<NonNullable<OpenDialog>, { kind: 'report' }>;

const titleOf = ({ target, name }: About) =>
  (target.messageId ? words.message : target.userId ? words.user(name) : words.conversation(name));

interface ReportDialogProps {
  /** Undefined while it is closed. */
  about: About | undefined;
  open: boolean;
  onClose(): void;
}

export function ReportDialog({ about, open, onClose }: ReportDialogProps) {
  // The one that was shown last, while the dialog moves away.
  const [shown, setShown] = useState(about);
  useEffect(() => { if (about) setShown(about); }, [about]);
  const current = about ?? shown;
  return (
    <Dialog title={current ? titleOf(current) : ''} open={open} onClose={onClose}>
      {current && <ReportForm key={JSON.stringify(current.target)} about={current} onClose={onClose} />}
    </Dialog>
  );
}

function ReportForm({ about: { target, name, userId }, onClose }: { about: About; onClose(): void }) {
  const { client, feed } = useSession();
  const attempt = useAttempt();
  const showNotice = useShowNotice();
  const [reason, setReason] = useState<ReportReason>();
  const [busy, setBusy] = useState(false);
  const mayBlock = userId !== undefined && !feed.blocks.has(userId);
  const send = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!reason) return;
    const form = new FormData(event.currentTarget);
    const comment = String(form.get('comment') ?? '').trim();
    setBusy(true);
    const isDone = await attempt(() => execute(client, ReportDocument, { input: { target, reason, comment: comment || null } }));
    setBusy(false);
    if (!isDone) return;
    showNotice(words.done);
    onClose();
    // By itself: if that fails, the report was sent all the same.
    if (form.has('block') && userId) void attempt(() => feed.blocks.change(userId, true));
  };
  return (
    <form className="form" onSubmit={(event) => void send(event)}>
      <p className="secondary">{words.lead}</p>
      <fieldset className="choices">
        <legend>{words.reason}</legend>
        {Object.entries(reasons).map(([key, text], index) => (
          <label key={key} className="check">
            <input
              type="radio" name="reason" value={key} required checked={reason === key} data-first={index === 0 || undefined}
              onChange={() => setReason(key as ReportReason)}
            />
            {text}
          </label>
        ))}
      </fieldset>
      <label className="field">
        {reason === 'OTHER' ? words.commentOther : words.comment}
        <textarea className="input" name="comment" rows={3} maxLength={1_000} dir="auto" required={reason === 'OTHER'} />
      </label>
      {mayBlock && <label className="check"><input type="checkbox" name="block" /> {words.alsoBlock(name)}</label>}
      <footer className="form-foot">
        <button type="button" className="button" onClick={onClose}>{texts.cancel}</button>
        <button className="button" data-kind="main" disabled={busy}>{words.submit}</button>
      </footer>
    </form>
  );
}
