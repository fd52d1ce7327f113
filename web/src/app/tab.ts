// What a tab keeps is one person's: where they are, and what they have begun to write.

const OWNER = 'parlour.person';

/** Whoever was here is gone, and nothing of theirs is left for the next one. */
export function clearTab(): void {
  sessionStorage.clear();
  history.replaceState(null, '', '/');
}

/** Somebody is signed in here, perhaps after somebody else. */
export function claimTab(userId: string): void {
  const owner = sessionStorage.getItem(OWNER);
  if (owner && owner !== userId) clearTab();
  sessionStorage.setItem(OWNER, userId);
}
