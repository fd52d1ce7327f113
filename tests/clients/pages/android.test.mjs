// Notifications in browsers where a page cannot show them itself, as on Android: a service worker does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signUp } from '../people.mjs';
import { messageWith, openSettings, sidebarRow, signUpInBrowser, visit } from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

test('notifications are shown by the service worker, and open their conversation when they are clicked', { timeout: 60_000 }, async (t) => {
  const { server, browser, close } = await startPages();
  t.after(close);
  const ada = await visit(browser, server.url);
  const { page } = ada;
  // As Chromium does on Android.
  await ada.context.addInitScript(() => {
    window.Notification = class extends Notification {
      constructor() {
        super('');
        this.close();
        throw new TypeError('Illegal constructor. Use ServiceWorkerRegistration.showNotification() instead.');
      }
    };
  });
  await page.reload();
  await signUpInBrowser(ada, 'Ada Lovelace');
  await ada.context.grantPermissions(['notifications'], { origin: ada.origin });
  const bob = await signUp(server, 'Bob Byron');
  await openSettings(ada, 'Notifications');
  await page.getByRole('checkbox', { name: 'Notify me of new messages' }).click();
  await page.getByRole('checkbox', { name: 'Notify me of new messages', checked: true }).waitFor();
  await page.keyboard.press('Escape');

  const devtools = await ada.context.newCDPSession(page);
  await devtools.send('Emulation.setFocusEmulationEnabled', { enabled: false });
  const other = await ada.context.newPage();
  await other.bringToFront();
  await page.waitForFunction(() => !document.hasFocus());
  const { conversationId } = await bob.send(ada, 'Good morning');
  await sidebarRow(ada, 'Bob Byron.*Good morning').waitFor();
  const shown = () => page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    return (await registration?.getNotifications() ?? []).map(({ title, body, tag }) => [title, body, tag]);
  });
  // Bounded by the test's own time.
  while ((await shown()).length === 0);
  assert.deepEqual(await shown(), [['Bob Byron', 'Good morning', conversationId]]);

  // Chromium focuses a window for real clicks only.
  const [worker] = ada.context.serviceWorkers();
  await worker.evaluate(async () => {
    WindowClient.prototype.focus = async function focus() { return this; };
    const [notification] = await registration.getNotifications();
    dispatchEvent(new NotificationEvent('notificationclick', { notification }));
  });
  await messageWith(ada, 'Good morning').waitFor();
  assert.equal(new URL(page.url()).pathname, `/c/${conversationId}`);
  assert.deepEqual(await worker.evaluate(async () => (await registration.getNotifications()).length), 0);
  assert.deepEqual(ada.problems, []);
});
