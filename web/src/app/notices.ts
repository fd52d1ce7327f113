// Notices of new messages: for screen readers, as notifications of the browser, and in the title.
import type { Feed, Message } from '../feed';
import { texts } from '../texts';

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
export function notify(feed: Feed, message: Message): void {
  if (message.deletedAt) return;
  const name = feed.person(message.senderId).fullName;
  const text = message.text ?? texts.image.name;
  const here = location.pathname === `/c/${message.conversationId}`;
  const known = feed.conversation(message.conversationId);
  const said = here || known?.otherUserId
    ? texts.message.announce(name, text)
    : texts.message.announceElsewhere(name, nameOf(feed, message.conversationId), text);
  announce(said);
  if (noticesOn() && (document.hidden || !document.hasFocus())) {
    // One a conversation: the newest replaces those before it.
    const notice = new Notification(name, { body: text.slice(0, 200), tag: message.conversationId });
    notice.onclick = () => {
      focus();
      history.pushState(null, '', `/c/${message.conversationId}`);
    };
  }
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
