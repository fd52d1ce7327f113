import { onDemand } from './on-demand';

export interface ConfirmDialogProps {
  title: string;
  description: string;
  /** The label of the confirming button. */
  confirmLabel: string;
  open: boolean;
  onConfirm(): void;
  onClose(): void;
  /** Where the focus goes afterwards, if the element that had it may be gone. */
  returnFocus?: () => HTMLElement | null | undefined;
}

/** Asks for confirmation before an action that cannot be undone. */
export const ConfirmDialog = onDemand<ConfirmDialogProps>(() => import('./confirm-dialog-content').then((module) => module.ConfirmDialogContent));
