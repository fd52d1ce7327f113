// Announces new messages: to screen readers, and as notifications of the browser.
import { oneLine } from '../conversation/mentions';
import { type Feed, isMuted, type Message } from '../feed';
import { texts } from '../texts';
import { isAnyTabFocused } from './page-focus';

const STORAGE_KEY = 'parlour.notices';

/** Whether the user has turned notifications on, and the browser allows them. */
export const notificationsEnabled = () =>
  'Notification' in globalThis && Notification.permission === 'granted' && localStorage.getItem(STORAGE_KEY) === 'on';

/** Turns notifications on or off; false when the browser does not allow them. */
export async function setNotificationsEnabled(on: boolean): Promise<boolean> {
  if (on && (!('Notification' in globalThis) || (await Notification.requestPermission()) !== 'granted')) return false;
  localStorage.setItem(STORAGE_KEY, on ? 'on' : 'off');
  return true;
}

/** The name of a conversation: its title, or the other person's name. */
export function conversationName(feed: Feed, conversationId: string): string {
  const known = feed.conversation(conversationId);
  if (!known) return '';
  return known.otherUserId ? feed.person(known.otherUserId).fullName : (known.title ?? '');
}

/** Whether a message calls the user. If the server does not answer, it is taken for a call, rather than missed. */
const isCalled = async (feed: Feed, message: Message): Promise<boolean> =>
  feed.calls(message) ?? feed.isAmongMentions(message).catch(() => true);

/** Announces a message by someone else. */
export async function notifyOfMessage(feed: Feed, message: Message): Promise<void> {
  const { conversationId, senderId, system, deletedAt } = message;
  if (deletedAt || system || feed.blocks.has(senderId)) return;
  const conversation = feed.conversation(conversationId);
  if (conversation && (isMuted(conversation) || (conversation.own?.notifications === 'MENTIONS' && !(await isCalled(feed, message))))) return;
  const sender = feed.person(senderId).fullName;
  const text = oneLine(feed, message);
  const isDirect = Boolean(feed.conversation(conversationId)?.otherUserId);
  const from = isDirect ? sender : texts.message.from(sender, conversationName(feed, conversationId));
  const isHere = location.pathname === `/c/${conversationId}`;
  announce(texts.message.announce(isHere ? sender : from, text));
  if (notificationsEnabled()) showNotification(from, text.slice(0, 200), conversationId).catch(() => {});
}

/** Shows a notification of the browser, unless a tab with the chat has the focus. */
async function showNotification(from: string, body: string, conversationId: string): Promise<void> {
  if (await isAnyTabFocused()) return;
  const path = `/c/${conversationId}`;
  // One notification per conversation across all tabs: the newest replaces earlier ones.
  const options = { body, tag: conversationId, data: path };
  try {
    const notification = new Notification(from, options);
    notification.onclick = () => {
      focus();
      history.pushState(null, '', path);
      notification.close();
    };
  } catch {
    // On Android pages have no notifications of their own, and the constructor throws: only a service worker can show them.
    await (await serviceWorker())?.showNotification(from, options);
  }
}

/** Does nothing but notifications: see public/notifications.js. */
async function serviceWorker(): Promise<ServiceWorkerRegistration | undefined> {
  await navigator.serviceWorker?.register('/notifications.js');
  return navigator.serviceWorker?.ready;
}

// A notification that the service worker has shown was clicked, and this page is to open its conversation.
navigator.serviceWorker?.addEventListener('message', ({ data }: MessageEvent<string>) => history.pushState(null, '', data));

/** Announces a text to screen readers, which finish the current announcement first. */
export function announce(text: string): void {
  const region = document.getElementById('announcer');
  if (!region) return;
  const entry = document.createElement('p');
  entry.textContent = text;
  region.append(entry);
  // A burst is read in order; earlier entries are not needed any more.
  while (region.childElementCount > 5) region.firstElementChild?.remove();
}
