// What the pages do when the line is cut in the middle of it all: nothing is lost, and nothing is there twice.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isAccessible } from './axe.mjs';
import { onABadLine } from './bad-line.mjs';
import { open, said, shot, texts, write } from './people-in-browser.mjs';

describe('the pages on a bad line', { timeout: 240_000 }, () => {
  let server, proxy, ada, bob, end;
  before(async () => { ({ server, proxy, ada, bob, end } = await onABadLine('first')); });
  after(() => end?.());

  /** Both see the same, without doubles and gaps, and nothing waits. */
  async function bothSee(...wanted) {
    for (const person of [ada, bob]) {
      await said(person, wanted.at(-1)).waitFor({ timeout: 30_000 });
      await person.page.waitForFunction(() => !document.querySelector('[data-outgoing]'), null, { timeout: 30_000 });
    }
    const seen = [await texts(ada), await texts(bob)].map((all) => all.filter((text) => wanted.includes(text)));
    assert.deepEqual(seen, [wanted, wanted]);
  }

  test('what is written offline waits, says so, and is sent once', async () => {
    await ada.context.setOffline(true);
    proxy.goDown();
    await write(ada, 'offline 1');
    await write(ada, 'offline 2');
    await said(ada, 'offline 2').getByLabel('Waiting to be sent').waitFor();
    await ada.page.getByText('You are offline.').waitFor();
    await isAccessible(ada, 'an offline page');
    await shot(ada, 'pages-offline');
    await write(bob, 'meanwhile');
    // Who is online nobody knows by now.
    const dots = ada.page.locator('.avatar-dot');
    await dots.first().waitFor({ state: 'detached' });
    for (const word of ['Online', 'Offline']) assert.equal(await ada.page.getByText(word, { exact: true }).count(), 0);
    proxy.goUp();
    await ada.context.setOffline(false);
    await bothSee('meanwhile', 'offline 1', 'offline 2');
    await ada.page.getByText('You are offline.').waitFor({ state: 'detached' });
    await ada.page.getByText('Online', { exact: true }).waitFor();
  });

  test('lines that are reset while messages are on their way', async () => {
    const wanted = [];
    for (let number = 0; number < 12; number += 1) {
      wanted.push(`reset ${'abcdefghijkl'[number]}.`);
      await write(ada, wanted.at(-1));
      if (number % 3 === 1) proxy.cut();
    }
    await bothSee(...wanted);
  });

  test('a server that is killed while messages are on their way', async () => {
    const wanted = [];
    for (let number = 0; number < 9; number += 1) {
      wanted.push(`kill ${'abcdefghi'[number]}.`);
      await write(ada, wanted.at(-1));
      if (number === 4) await server.end('SIGKILL');
    }
    await server.start();
    await bothSee(...wanted);
  });

  test('what waits is kept over a reload', async () => {
    proxy.goDown();
    await write(ada, 'before the reload');
    // It says so when it is kept.
    await said(ada, 'before the reload').getByLabel('Waiting to be sent').waitFor();
    await ada.page.close();
    proxy.goUp();
    ada = await ada.tab();
    await ada.page.getByRole('navigation').getByRole('link', { name: /^Bob Byron/ }).click();
    await bothSee('before the reload');
  });

  test('a refused message says why, and can be tried again or discarded', async () => {
    // The field does not let such a text through: it is put where the outbox keeps what waits.
    await ada.page.evaluate(async () => {
      const request = indexedDB.open('parlour');
      await new Promise((resolve) => { request.onsuccess = resolve; });
      const me = await fetch('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: '{ me { id } conversations { nodes { id } } }' }),
      }).then((answer) => answer.json());
      const rows = request.result.transaction('outbox', 'readwrite').objectStore('outbox');
      const id = '01900000-0000-7000-8000-000000000001';
      const to = { conversationId: me.data.conversations.nodes[0].id };
      rows.put({ id, to, text: 'x'.repeat(4_100), writtenAt: new Date().toISOString(), state: 'waiting' }, `${me.data.me.id}/${id}`);
      await new Promise((resolve) => { rows.transaction.oncomplete = resolve; });
    });
    await ada.page.reload();
    await ada.page.getByRole('navigation').getByLabel(/Not sent: .*4,?000/).waitFor();
    await ada.page.getByRole('navigation').getByRole('link').first().click();
    await ada.page.getByRole('article').filter({ hasText: 'Not sent' }).waitFor();
    await isAccessible(ada, 'a refused message');
    await shot(ada, 'pages-refused');
    await ada.page.getByRole('button', { name: 'Discard' }).click();
    await ada.page.getByRole('article').filter({ hasText: 'Not sent' }).waitFor({ state: 'detached' });
  });
});
