import type { ReactNode } from 'react';
import { Mark } from './mark';

interface EmptyStateProps {
  title: string;
  lead?: string;
  logoUrl?: string | null;
  /** What the user can do. */
  children?: ReactNode;
}

/** Fills an empty area: a title, and what the user can do. */
export function EmptyState({ title, lead, logoUrl, children }: EmptyStateProps) {
  return (
    <div className="empty-state">
      <Mark logoUrl={logoUrl} />
      <h2>{title}</h2>
      {lead && <p>{lead}</p>}
      {children}
    </div>
  );
}
