import { MessagesSquare } from 'lucide-react';

/** An empty place, and what to do about it. */
export function EmptyState({ title, lead }: { title: string; lead?: string }) {
  return (
    <div className="nothing">
      <MessagesSquare aria-hidden="true" />
      <h2>{title}</h2>
      {lead && <p>{lead}</p>}
    </div>
  );
}
