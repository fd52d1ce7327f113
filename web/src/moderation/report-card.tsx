// One report, with what a moderator can do about it. Closed, it says what was done.
import { useState } from 'react';
import { execute } from '../api/execute';
import { formatDateTime, formatRelative } from '../app/dates';
import { useSession } from '../app/session';
import { ServerError } from '../feed';
import { type ReportAction, type ReportFragment, ResolveReportDocument } from '../gql/graphql';
import { texts } from '../texts';
import { reasons, reports as words } from '../texts-reports';
import { Avatar } from '../ui/avatar';
import { ConfirmDialog } from '../ui/confirm-dialog';
import { useAttempt, useShowError } from '../ui/toasts';
import { useImageUrl } from '../ui/use-image-url';

interface ReportCardProps {
  report: ReportFragment;
  onChange(report: ReportFragment): void;
}

export function ReportCard({ report, onChange }: ReportCardProps) {
  const { reporter, reason, comment, user, text, image, sentAt, messageId, conversationId, conversationTitle, createdAt } = report;
  const subject = messageId
    ? words.of.message(user?.fullName ?? '')
    : user ? words.of.user(user.fullName) : conversationTitle ? words.of.conversation(conversationTitle) : words.of.direct;
  return (
    <article className="report" aria-label={subject}>
      <header className="report-head">
        <Avatar id={user?.id ?? conversationId ?? report.id} name={user?.fullName ?? conversationTitle ?? ''} picture={user?.profilePic} isGroup={!user} size="small" />
        <span className="row-main">
          <h3 className="report-subject"><bdi>{subject}</bdi></h3>
          {messageId && (
            <span className="hint"><bdi>{conversationTitle ? words.in(conversationTitle) : words.inDirect}</bdi>{sentAt && ` · ${words.sentAt(formatDateTime(sentAt))}`}</span>
          )}
        </span>
        <span className="tag">{reasons[reason] ?? reason}</span>
      </header>
      {/* Of a person the name, where it is another one by now. */}
      {text && text !== (messageId ? undefined : user?.fullName) && <blockquote className="report-text" dir="auto">{text}</blockquote>}
      {image && <ReportedImage image={image} />}
      {comment && <p><strong>{words.said}:</strong> <bdi>{comment}</bdi></p>}
      <p className="hint"><bdi>{words.by(reporter.fullName, formatRelative(createdAt))}</bdi></p>
      {report.resolvedAt ? <Outcome report={report} /> : <Resolve report={report} onChange={onChange} />}
    </article>
  );
}

/** It cannot be renewed: who looks for longer than its address lasts opens the list again. */
function ReportedImage({ image }: { image: NonNullable<ReportFragment['image']> }) {
  const [url, onError] = useImageUrl({ url: image.thumbnail, urlExpiresAt: image.urlExpiresAt }, () => {});
  return <img className="report-image" src={url} alt={texts.image.name} width={image.width} height={image.height} onError={onError} />;
}

function Outcome({ report: { action, resolvedBy, resolvedAt, note } }: { report: ReportFragment }) {
  const what = action ? words.done[action] ?? action : '';
  return (
    <>
      <p className="note" role="status"><bdi>{words.closedBy(what, resolvedBy?.fullName ?? words.operator, formatRelative(resolvedAt ?? ''))}</bdi></p>
      {note && <p><strong>{words.note}:</strong> <bdi>{note}</bdi></p>}
    </>
  );
}

function Resolve({ report, onChange }: ReportCardProps) {
  const { client, feed } = useSession();
  const attempt = useAttempt();
  const showError = useShowError();
  const [note, setNote] = useState('');
  const [asking, setAsking] = useState<ReportAction>();
  const resolve = (action: ReportAction) => void attempt(async () => {
    const variables = { id: report.id, action, note: note.trim() || null };
    const isModerator = (reason: unknown) => action === 'SUSPEND_USER' && reason instanceof ServerError && reason.code === 'FORBIDDEN';
    await execute(client, ResolveReportDocument, variables).then(
      ({ resolveReport }) => onChange(resolveReport),
      (reason: unknown) => {
        if (!isModerator(reason)) throw reason;
        showError(words.isModerator);
      },
    );
  });
  const { messageId, user } = report;
  const maySuspend = user && !user.deletedAt && user.id !== feed.me.id;
  return (
    <div className="section">
      <label className="field">
        {words.note}
        <textarea className="input" rows={2} maxLength={1_000} dir="auto" value={note} onChange={({ target }) => setNote(target.value)} />
      </label>
      <footer className="form-foot report-foot">
        <button type="button" className="button" onClick={() => resolve('DISMISS')}>{words.actions.DISMISS}</button>
        {messageId && <button type="button" className="button" data-kind="quiet-danger" onClick={() => setAsking('DELETE_MESSAGE')}>{words.actions.DELETE_MESSAGE}</button>}
        {maySuspend && <button type="button" className="button" data-kind="quiet-danger" onClick={() => setAsking('SUSPEND_USER')}>{words.actions.SUSPEND_USER}</button>}
      </footer>
      {asking && (
        <ConfirmDialog
          title={asking === 'SUSPEND_USER' ? words.suspendTitle(user?.fullName ?? '') : words.deleteTitle}
          description={asking === 'SUSPEND_USER' ? words.suspendLead : words.deleteLead}
          confirmLabel={words.actions[asking]} open onConfirm={() => resolve(asking)} onClose={() => setAsking(undefined)}
        />
      )}
    </div>
  );
}
