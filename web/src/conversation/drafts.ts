// What was begun and not sent yet, a text a conversation, as long as the tab lives.

const key = (where: string) => `draft.${where}`;

export const draftOf = (where: string) => sessionStorage.getItem(key(where)) ?? '';

export function keepDraft(where: string, text: string): void {
  if (text) sessionStorage.setItem(key(where), text);
  else sessionStorage.removeItem(key(where));
}
