// Notices of new messages: for screen readers, as notifications of the browser, and in the title.
import { plain } from '../conversation/parts';
import type { Feed, Message } from '../feed';
import { texts } from '../texts';
import { isAttended } from './attention';

const KEY = 'parlour.notices';

/** Whether the person wants notifications, and the browser allows them. */
export const noticesOn = () =>
  'Notification' in globalThis && Notification.permission === 'granted' && localStorage.getItem(KEY) === 'on';

/** Turns notifications on or off; false when the browser does not allow them. */
export async function setNotices(on: boolean): Promise<boolean> {
  if (on && (!('Notification' in globalThis) || (await Notification.requestPermission()) !== 'granted')) return false;
  localStorage.setItem(KEY, on ? 'on' : 'off');
  return true;
}

/** What a conversation is called. */
export function nameOf(feed: Feed, conversationId: string): string {
  const known = feed.conversation(conversationId);
  if (!known) return '';
  return known.otherUserId ? feed.person(known.otherUserId).fullName : (known.title ?? '');
}

/** A message of somebody else has come. */
export function notify(feed: Feed, { conversationId, senderId, deletedAt, text: words }: Message): void {
  if (deletedAt) return;
  const sender = feed.person(senderId).fullName;
  const text = plain(words ?? texts.image.name);
  const isDirect = Boolean(feed.conversation(conversationId)?.otherUserId);
  const from = isDirect ? sender : texts.message.from(sender, nameOf(feed, conversationId));
  const isHere = location.pathname === `/c/${conversationId}`;
  announce(texts.message.announce(isHere ? sender : from, text));
  if (noticesOn()) void show(from, text.slice(0, 200), conversationId);
}

/** A notification of the browser, unless somebody looks at the pages. */
async function show(from: string, body: string, conversationId: string): Promise<void> {
  if (await isAttended()) return;
  // One a conversation, of all tabs: the newest replaces those before it.
  const notice = new Notification(from, { body, tag: conversationId });
  notice.onclick = () => {
    focus();
    history.pushState(null, '', `/c/${conversationId}`);
    notice.close();
  };
}

/** Says something to screen readers, when they are done with what they say. */
export function announce(text: string): void {
  const region = document.getElementById('announcer');
  if (!region) return;
  const line = document.createElement('p');
  line.textContent = text;
  region.append(line);
  // A burst is read as it comes; what was read needs not stay.
  while (region.childElementCount > 5) region.firstElementChild?.remove();
}
