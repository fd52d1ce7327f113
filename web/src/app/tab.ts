// What a tab keeps is one person's: where they are, and what they have begun to write.

const OWNER = 'parlour.person';

/** Whoever was here is gone, and nothing of theirs is left for the next one. */
export function clearTab(): void {
  sessionStorage.clear();
  history.replaceState(null, '', '/');
}

/** Somebody is signed in here, perhaps after somebody else. An address that one has come with is theirs. */
export function claimTab(userId: string): void {
  const owner = sessionStorage.getItem(OWNER);
  if (owner === userId) return;
  if (owner) clearTab();
  sessionStorage.clear();
  sessionStorage.setItem(OWNER, userId);
}
