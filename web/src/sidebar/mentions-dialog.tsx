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
  const [isFailed, setFailed] = useState(false);
  const load = async (after?: string) => {
    setFailed(false);
    const isDone = await attempt(async () => {
      const { mentions: { nodes, pageInfo } } = await execute(client, MentionsDocument, { after: after ?? null });
      // Those of people whom the user has blocked came before that.
      const fresh = nodes.filter(({ sender }) => !feed.blocks.has(sender.id));
      // A second click asks for the same page.
      setPages((now) => (now?.after === after
        ? { messages: [...now?.messages ?? [], ...fresh], after: pageInfo.hasNextPage ? pageInfo.endCursor : null }
        : now));
    });
    setFailed(!isDone);
  };
  useEffect(() => void load(), []);
  if (!pages && isFailed) return <button type="button" className="button" onClick={() => void load()}>{texts.message.retry}</button>;
  if (!pages) return <p className="secondary" role="status">{texts.loading}</p>;
  const { after } = pages;
  return (
    <div className="form">
      {pages.messages.length === 0 && <p className="secondary">{texts.mentions.none}</p>}
      <ul className="dialog-rows">
        {pages.messages.map((message) => <li key={message.id}><MessageResult hit={message} search="" replaces onOpen={onClose} /></li>)}
      </ul>
      {after && <button type="button" className="button" onClick={() => void load(after)}>{texts.sidebar.moreHits}</button>}
    </div>
  );
}
