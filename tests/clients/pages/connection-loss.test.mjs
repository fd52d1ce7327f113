// The pages when the connection is lost at any time: no message is lost or duplicated.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertAccessible } from './accessibility.mjs';
import { messageTexts, messageWith, requestInPage, screenshot, sendText } from './people-in-browser.mjs';
import { startProxiedConversation } from './setup.mjs';

describe('the pages when the connection is lost', { timeout: 240_000 }, () => {
  let server, proxy, ada, bob, close;
  before(async () => { ({ server, proxy, ada, bob, close } = await startProxiedConversation('first')); });
  after(() => close?.());

  /** Both see exactly these messages, in this order, and nothing is waiting to be sent. */
  async function bothSee(...wanted) {
    for (const person of [ada, bob]) {
      await messageWith(person, wanted.at(-1)).waitFor({ timeout: 30_000 });
      await person.page.waitForFunction(() => !document.querySelector('[data-outgoing]'), null, { timeout: 30_000 });
    }
    const seen = [await messageTexts(ada), await messageTexts(bob)].map((all) => all.filter((text) => wanted.includes(text)));
    assert.deepEqual(seen, [wanted, wanted]);
  }

  test('messages written offline are shown as waiting, and sent once', async () => {
    await ada.context.setOffline(true);
    proxy.goDown();
    await sendText(ada, 'offline 1');
    await sendText(ada, 'offline 2');
    await messageWith(ada, 'offline 2').getByLabel('Waiting to be sent').waitFor();
    await ada.page.getByText('You are offline.').waitFor();
    await assertAccessible(ada, 'an offline page');
    await screenshot(ada, 'pages-offline');
    await sendText(bob, 'meanwhile');
    // Presence is unknown by now.
    const dots = ada.page.locator('.avatar-dot');
    await dots.first().waitFor({ state: 'detached' });
    for (const word of ['Online', 'Offline']) assert.equal(await ada.page.getByText(word, { exact: true }).count(), 0);
    proxy.goUp();
    await ada.context.setOffline(false);
    await bothSee('meanwhile', 'offline 1', 'offline 2');
    await ada.page.getByText('You are offline.').waitFor({ state: 'detached' });
    await ada.page.getByText('Online', { exact: true }).waitFor();
  });

  test('messages arrive once when connections are reset during sending', async () => {
    const wanted = [];
    for (let number = 0; number < 12; number += 1) {
      wanted.push(`reset ${'abcdefghijkl'[number]}.`);
      await sendText(ada, wanted.at(-1));
      if (number % 3 === 1) proxy.resetConnections();
    }
    await bothSee(...wanted);
  });

  test('messages arrive once when the server is killed during sending', async () => {
    const wanted = [];
    for (let number = 0; number < 9; number += 1) {
      wanted.push(`kill ${'abcdefghi'[number]}.`);
      await sendText(ada, wanted.at(-1));
      if (number === 4) await server.stop('SIGKILL');
    }
    await server.start();
    await bothSee(...wanted);
  });

  test('waiting messages are kept over a reload', async () => {
    proxy.goDown();
    await sendText(ada, 'before the reload');
    // This label appears when the message is stored.
    await messageWith(ada, 'before the reload').getByLabel('Waiting to be sent').waitFor();
    await ada.page.close();
    proxy.goUp();
    ada = await ada.tab();
    await ada.page.getByRole('navigation').getByRole('link', { name: /^Bob Byron/ }).click();
    await bothSee('before the reload');
  });

  test('a rejected message shows the reason, and can be discarded', async () => {
    // The composer does not send a text that is too long, so it is written to the stored outbox.
    const { me, conversations } = await requestInPage(ada, '{ me { id } conversations { nodes { id } } }');
    await ada.page.evaluate(async ([userId, conversationId]) => {
      const request = indexedDB.open('parlour');
      await new Promise((resolve) => { request.onsuccess = resolve; });
      const rows = request.result.transaction('outbox', 'readwrite').objectStore('outbox');
      const id = '01900000-0000-7000-8000-000000000001';
      const to = { conversationId };
      rows.put({ id, to, text: 'x'.repeat(4_100), writtenAt: new Date().toISOString(), state: 'waiting' }, `${userId}/${id}`);
      await new Promise((resolve) => { rows.transaction.oncomplete = resolve; });
    }, [me.id, conversations.nodes[0].id]);
    await ada.page.reload();
    await ada.page.getByRole('navigation').getByLabel(/Not sent: .*4,?000/).waitFor();
    await ada.page.getByRole('navigation').getByRole('link').first().click();
    await ada.page.getByRole('article').filter({ hasText: 'Not sent' }).waitFor();
    await assertAccessible(ada, 'a refused message');
    await screenshot(ada, 'pages-refused');
    await ada.page.getByRole('button', { name: 'Discard' }).click();
    await ada.page.getByRole('article').filter({ hasText: 'Not sent' }).waitFor({ state: 'detached' });
  });
});
