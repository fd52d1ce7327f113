// The service worker of the chat, for browsers in which only a service worker can show notifications (Android). It keeps no
// files and intercepts no requests: it opens the conversation of a notification that was clicked.
addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data));
});

/** In a page that is open, the one looked at last, or in a new one. */
async function open(path) {
  const [page] = await clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (!page) return clients.openWindow(path);
  await page.focus();
  page.postMessage(path);
}
