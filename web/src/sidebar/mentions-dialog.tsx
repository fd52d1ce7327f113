// Messages that call the user, the newest first. Each opens its conversation at that message.
import { useEffect, useState } from 'react';
import { execute } from '../api/execute';
import { useSession } from '../app/session';
import { MentionsDocument, type MessageFragment } from '../gql/graphql';
import { texts } from '../texts';
import { Dialog } from '../ui/dialog';
import { useAttempt } from '../ui/toasts';
import { MessageResult } from './message-results';

export function MentionsDialog({ open, onClose }: { open: boolean; onClose(): void }) {
  return <Dialog title={texts.mentions.title} open={open} onClose={onClose}><Mentions onClose={onClose} /></Dialog>;
}

interface Pages {
  messages: readonly MessageFragment[];
  after: string | null;
}

function Mentions({ onClose }: { onClose(): void }) {
  const { client, feed } = useSession();
  const attempt = useAttempt();
  const [pages, setPages] = useState<Pages>();
  const load = (before: Pages | undefined) => attempt(async () => {
    const { mentions: { nodes, pageInfo } } = await execute(client, MentionsDocument, { after: before?.after ?? null });
    // Those of people whom the user has blocked came before that.
    const fresh = nodes.filter(({ sender }) => !feed.blocks.has(sender.id));
    setPages({ messages: [...before?.messages ?? [], ...fresh], after: pageInfo.hasNextPage ? pageInfo.endCursor : null });
  });
  useEffect(() => void load(undefined), []);
  if (!pages) return <p className="secondary" role="status">{texts.loading}</p>;
  return (
    <div className="form">
      {pages.messages.length === 0 && <p className="secondary">{texts.mentions.none}</p>}
      <ul className="dialog-rows">
        {pages.messages.map((message) => <li key={message.id}><MessageResult hit={message} search="" replaces onOpen={onClose} /></li>)}
      </ul>
      {pages.after && <button type="button" className="button" onClick={() => void load(pages)}>{texts.sidebar.moreHits}</button>}
    </div>
  );
}
