// What moderators of the server see: what was reported, as it was then, and nothing of the conversation around it.
import { Tabs } from '@base-ui/react/tabs';
import { useEffect, useState } from 'react';
import { execute } from '../api/execute';
import { useSession } from '../app/session';
import { type ReportFragment, ReportsDocument } from '../gql/graphql';
import { texts } from '../texts';
import { reports as words } from '../texts-reports';
import { Dialog } from '../ui/dialog';
import { useAttempt } from '../ui/toasts';
import { ReportCard } from './report-card';

export function ReportsDialog({ open, onClose }: { open: boolean; onClose(): void }) {
  return (
    <Dialog title={words.title} open={open} onClose={onClose}>
      <Tabs.Root defaultValue="open" className="form">
        <Tabs.List className="settings-sections" data-row aria-label={words.title}>
          <Tabs.Tab value="open" className="settings-section">{words.open}</Tabs.Tab>
          <Tabs.Tab value="resolved" className="settings-section">{words.resolved}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="open" className="settings-panel"><Reports open /></Tabs.Panel>
        <Tabs.Panel value="resolved" className="settings-panel"><Reports open={false} /></Tabs.Panel>
      </Tabs.Root>
    </Dialog>
  );
}

interface Pages {
  reports: readonly ReportFragment[];
  after: string | null;
}

function Reports({ open }: { open: boolean }) {
  const { client } = useSession();
  const attempt = useAttempt();
  const [pages, setPages] = useState<Pages>();
  const [isFailed, setFailed] = useState(false);
  const load = async (after?: string) => {
    setFailed(false);
    const isDone = await attempt(async () => {
      const { reports: { nodes, pageInfo } } = await execute(client, ReportsDocument, { open, after: after ?? null });
      // A second click asks for the same page.
      setPages((now) => (now?.after === after
        ? { reports: [...now?.reports ?? [], ...nodes], after: pageInfo.hasNextPage ? pageInfo.endCursor : null }
        : now));
    });
    setFailed(!isDone);
  };
  useEffect(() => void load(), []);
  if (!pages && isFailed) return <button type="button" className="button" onClick={() => void load()}>{texts.message.retry}</button>;
  if (!pages) return <p className="secondary" role="status">{texts.loading}</p>;
  const onChange = (changed: ReportFragment) =>
    setPages((now) => now && { ...now, reports: now.reports.map((report) => (report.id === changed.id ? changed : report)) });
  const { after } = pages;
  return (
    <div className="form">
      {pages.reports.length === 0 && <p className="secondary">{open ? words.none.true : words.none.false}</p>}
      <ul className="form">{pages.reports.map((report) => <li key={report.id}><ReportCard report={report} onChange={onChange} /></li>)}</ul>
      {after && <button type="button" className="button" onClick={() => void load(after)}>{words.more}</button>}
    </div>
  );
}
