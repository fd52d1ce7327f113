import { MessagesSquare } from 'lucide-react';

/** Fills an empty area: a title, and what the user can do. */
export function EmptyState({ title, lead }: { title: string; lead?: string }) {
  return (
    <div className="empty-state">
      <MessagesSquare aria-hidden="true" />
      <h2>{title}</h2>
      {lead && <p>{lead}</p>}
    </div>
  );
}
