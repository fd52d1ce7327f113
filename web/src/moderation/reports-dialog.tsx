// What moderators of the server see: what was reported, as it was then, and nothing of the conversation around it.
import { Tabs } from '@base-ui/react/tabs';
import { execute } from '../api/execute';
import { useSession } from '../app/session';
import { type ReportFragment, ReportsDocument } from '../gql/graphql';
import { reports as words } from '../texts-reports';
import { Dialog } from '../ui/dialog';
import { NoPageYet, usePages } from '../ui/pages';
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

function Reports({ open }: { open: boolean }) {
  const { client } = useSession();
  const { items, loadMore, map, isFailed, retry } = usePages<ReportFragment>(async (after) => {
    const { reports: { nodes, pageInfo } } = await execute(client, ReportsDocument, { open, after });
    return { items: nodes, pageInfo };
  });
  if (!items) return <NoPageYet isFailed={isFailed} retry={retry} />;
  const onChange = (changed: ReportFragment) => map((report) => (report.id === changed.id ? changed : report));
  return (
    <div className="form">
      {items.length === 0 && <p className="secondary">{open ? words.none.true : words.none.false}</p>}
      <ul className="form">{items.map((report) => <li key={report.id}><ReportCard report={report} onChange={onChange} /></li>)}</ul>
      {loadMore && <button type="button" className="button" onClick={loadMore}>{words.more}</button>}
    </div>
  );
}
