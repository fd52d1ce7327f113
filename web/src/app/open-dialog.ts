// The dialog that was asked for from anywhere on the page: by a menu, a key, or a view. app/dialogs.tsx shows it.
import { useSyncExternalStore } from 'react';
import type { Message } from '../feed';
import type { ReportTarget } from '../gql/graphql';

/** A message, and what its list can do with it. */
export interface MessageMenu {
  message: Message;
  onReply(message: Message): void;
  onEdit(message: Message): void;
}

export type OpenDialog =
  | { kind: 'settings' | 'newGroup' | 'shortcuts' | 'switcher' | 'mentions' | 'reports' }
  | { kind: 'profile' | 'block'; userId: string }
  /** `userId` is whom it is about; undefined for a conversation. */
  | { kind: 'report'; target: ReportTarget; name: string; userId: string | undefined }
  | { kind: 'message'; menu: MessageMenu }
  | undefined;

let current: OpenDialog;
const listeners = new Set<() => void>();

/** Undefined closes it. */
export function openDialog(next: OpenDialog): void {
  current = next;
  for (const listener of listeners) listener();
}

export const openProfile = (userId: string) => openDialog({ kind: 'profile', userId });

const listen = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useOpenDialog = (): OpenDialog => useSyncExternalStore(listen, () => current);
