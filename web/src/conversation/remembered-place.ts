// Where the user was in each conversation, for the lifetime of the tab: kept while another one is open, and over a reload.

/** A message, and the distance of its top from the top of the view, in pixels. */
export interface Place {
  seq: number;
  top: number;
}

const storageKey = (conversationId: string) => `parlour.place.${conversationId}`;

/** Undefined at the end, where a conversation opens anyway. */
export function rememberPlace(conversationId: string, place: Place | undefined): void {
  if (place) sessionStorage.setItem(storageKey(conversationId), JSON.stringify(place));
  else sessionStorage.removeItem(storageKey(conversationId));
}

export function rememberedPlace(conversationId: string): Place | undefined {
  const stored = sessionStorage.getItem(storageKey(conversationId));
  return stored ? (JSON.parse(stored) as Place) : undefined;
}
