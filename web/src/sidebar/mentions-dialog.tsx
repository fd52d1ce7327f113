// Messages that call the user, the newest first. Each opens its conversation at that message.
import { execute } from '../api/execute';
import { useSession } from '../app/session';
import { MentionsDocument, type MessageFragment } from '../gql/graphql';
import { texts } from '../texts';
import { Dialog } from '../ui/dialog';
import { NoPageYet, usePages } from '../ui/pages';
import { MessageResult } from './message-results';

export function MentionsDialog({ open, onClose }: { open: boolean; onClose(): void }) {
  return <Dialog title={texts.mentions.title} open={open} onClose={onClose}><Mentions onClose={onClose} /></Dialog>;
}

function Mentions({ onClose }: { onClose(): void }) {
  const { client, feed } = useSession();
  const { items, loadMore, isFailed, retry } = usePages<MessageFragment>(async (after) => {
    const { mentions: { nodes, pageInfo } } = await execute(client, MentionsDocument, { after });
    // Those of people whom the user has blocked came before that.
    return { items: nodes.filter(({ sender }) => !feed.blocks.has(sender.id)), pageInfo };
  });
  if (!items) return <NoPageYet isFailed={isFailed} retry={retry} />;
  return (
    <div className="form">
      {items.length === 0 && <p className="secondary">{texts.mentions.none}</p>}
      <ul className="dialog-rows">
        {items.map((message) => <li key={message.id}><MessageResult hit={message} search="" replaces onOpen={onClose} /></li>)}
      </ul>
      {loadMore && <button type="button" className="button" onClick={loadMore}>{texts.sidebar.moreHits}</button>}
    </div>
  );
}
