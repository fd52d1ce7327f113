// The message list: unread divider, days, emoji, links, read receipts, and jumping to a message.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signUp } from '../people.mjs';
import { logIn, messageWith, sendText, sidebarRow, signUpInBrowser, visit } from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

describe('the message list', { timeout: 120_000 }, () => {
  let server, browser, ada, bob, carol, close;
  before(async () => {
    ({ server, browser, close } = await startPages());
    ada = await signUpInBrowser(await visit(browser, server.url), 'Ada Lovelace');
    [bob, carol] = [await signUp(server, 'Bob Byron'), await signUp(server, 'Carol Shaw')];
  });
  after(() => close?.());

  const rows = ({ page }) => page.locator('.message-row');
  const read = (person, conversationId, upToSeq) => person.request(
    'mutation ($id: ID!, $upToSeq: Int!) { markRead(conversation: { conversationId: $id }, upToSeq: $upToSeq) { id } }',
    { id: conversationId, upToSeq },
  );

  test('has a divider above new messages, until the user writes', async () => {
    await bob.send(ada, 'seen');
    await sidebarRow(ada, 'Bob Byron').click();
    await messageWith(ada, 'seen').waitFor();
    await sidebarRow(ada, 'Bob Byron.*unread').waitFor({ state: 'detached' });
    await carol.send(ada, 'elsewhere');
    await sidebarRow(ada, 'Carol Shaw').click();
    for (const text of ['new one', 'new two']) await bob.send(ada, text);
    await sidebarRow(ada, 'Bob Byron.*2 unread').click();
    const line = ada.page.locator('.unread-divider', { hasText: 'New messages' });
    await line.waitFor();
    assert.equal(await line.count(), 1);
    assert.match(await rows(ada).filter({ has: line }).textContent(), /new one/);
    await sendText(ada, 'Answered.');
    await messageWith(ada, 'Answered.').waitFor();
    await line.waitFor({ state: 'detached' });
    // None above what counts as nothing.
    await sidebarRow(ada, 'Carol Shaw').click();
    const { id } = await bob.send(ada, 'slip of the pen');
    await sidebarRow(ada, 'Bob Byron.*1 unread').waitFor();
    await bob.request('mutation ($id: ID!) { deleteMessage(id: $id) { id } }', { id });
    await sidebarRow(ada, 'Bob Byron.*1 unread').waitFor({ state: 'detached' });
    await sidebarRow(ada, 'Bob Byron').click();
    await ada.page.getByText('This message was deleted.').last().waitFor();
    assert.equal(await line.count(), 0);
  });

  test('groups messages by day', async () => {
    const day = ada.page.locator('.day');
    assert.deepEqual(await day.allTextContents(), ['Today']);
    const [now, { pathname }] = [Date.now(), new URL(ada.page.url())];
    for (const [days, said] of [[1, /^Yesterday$/], [4, /^\w+day,? \d+ \w+$/], [400, /^\d+ \w+ \d{4}$/]]) {
      const later = await ada.tab('/');
      await later.page.clock.setFixedTime(now + days * 86_400_000);
      await later.page.goto(ada.origin + pathname);
      await later.page.locator('.day').waitFor();
      assert.match(await later.page.locator('.day').textContent(), said);
      await later.page.close();
    }
  });

  test('shows messages of emoji alone in large', async () => {
    const size = (text) => messageWith(ada, text).locator('.words').evaluate((words) => parseFloat(getComputedStyle(words).fontSize));
    for (const text of ['🎉', '👩🏽‍💻 🇩🇪 ❤️', 'so 🎊', '7', '🐝🐝🐝🐝🐝🐝🐝']) await bob.send(ada, text);
    await messageWith(ada, '🐝').waitFor();
    const usual = await size('so 🎊');
    for (const text of ['🎉', '👩🏽‍💻']) assert.ok(await size(text) >= 2 * usual, text);
    assert.equal(await size('🐝'), usual);
  });

  test('keeps links and code left-to-right within right-to-left text', async () => {
    await bob.send(ada, 'انظر https://example.org/ و `f(x);` هنا');
    await messageWith(ada, 'انظر').waitFor();
    for (const part of ['a', 'code']) {
      const [first, last] = await messageWith(ada, 'انظر').locator(`.words ${part}`).evaluate(({ firstChild: text }) => [0, text.length - 1].map((at) => {
        const range = document.createRange();
        range.setStart(text, at);
        range.setEnd(text, at + 1);
        return range.getBoundingClientRect().left;
      }));
      assert.ok(first < last, `${part} goes from left to right`);
    }
  });

  test('links URLs and domains, but not file names', async () => {
    await bob.send(ada, 'README.md, src/main.rs:12 and setup.py are files; example.org, www.example.rs, example.rs/setup.py and https://README.md are not');
    await messageWith(ada, 'are files').waitFor();
    assert.deepEqual(
      await messageWith(ada, 'are files').getByRole('link').allTextContents(),
      ['example.org', 'www.example.rs', 'example.rs/setup.py', 'https://README.md'],
    );
  });

  test('links URLs with IPv6 addresses', async () => {
    await bob.send(ada, 'Try http://[::1]:3000, (https://[2001:db8::7]/a?b=[c]#d) or http://[fe80::1]. Not [::1], http://[::g] or http://[1:2].');
    await messageWith(ada, 'fe80').waitFor();
    assert.deepEqual(
      await messageWith(ada, 'fe80').getByRole('link').evaluateAll((links) => links.map((link) => [link.textContent, link.href])),
      [
        ['http://[::1]:3000', 'http://[::1]:3000/'],
        ['https://[2001:db8::7]/a?b=[c]#d', 'https://[2001:db8::7]/a?b=[c]#d'],
        ['http://[fe80::1]', 'http://[fe80::1]/'],
      ],
    );
  });

  test('keeps the time left-to-right beside right-to-left text', async () => {
    const american = await logIn(await visit(browser, server.url, { locale: 'en-US' }), ada);
    await sidebarRow(american, 'Bob Byron').click();
    const [first, last] = await messageWith(american, 'انظر').locator('time').evaluate(({ firstChild: text }) => [0, text.length - 1].map((at) => {
      const range = document.createRange();
      range.setStart(text, at);
      range.setEnd(text, at + 1);
      return range.getBoundingClientRect().left;
    }));
    assert.ok(first < last, 'AM or PM is at the end');
    await american.context.close();
  });

  test('never overlaps the time with the text', async () => {
    const overlap = await ada.page.locator('.bubble:has(> .text > .meta)').evaluateAll((bubbles) => bubbles.filter((bubble) => {
      const range = document.createRange();
      range.selectNodeContents(bubble.querySelector('.words'));
      const time = bubble.querySelector('.meta').getBoundingClientRect();
      return [...range.getClientRects()].some((word) => word.width > 0 && word.bottom - 4 > time.top
        && word.top + 4 < time.bottom && word.right > time.left && word.left < time.right);
    }).map((bubble) => bubble.textContent));
    assert.deepEqual(overlap, []);
  });

  test('shows in a group how many members have read a message', async () => {
    const id = await bob.createGroup('Engine', ada, carol);
    await sidebarRow(ada, 'Engine').click();
    await sendText(ada, 'Has everybody read this?');
    await ada.page.getByText('Sent', { exact: true }).waitFor();
    await read(bob, id, 2);
    await ada.page.getByText('Read by 1', { exact: true }).waitFor();
    await read(carol, id, 2);
    await ada.page.getByText('Read by all', { exact: true }).waitFor();
  });

  test('jumps to a search result far away, and loads the messages around it', async () => {
    const far = await signUp(server, 'Far Away');
    let conversationId;
    for (let number = 1; number <= 260; number += 1) {
      ({ conversationId } = await far.send(ada, number === 40 ? 'a needle in the haystack' : `straw ${number}`));
    }
    await sidebarRow(ada, 'Far Away').click();
    await messageWith(ada, 'straw').first().waitFor();
    await ada.page.getByRole('button', { name: 'jump to the latest' }).click();
    await messageWith(ada, 'straw 260').waitFor();
    await ada.page.getByRole('searchbox', { name: 'Find people' }).fill('needle');
    await sidebarRow(ada, 'Far Away.*needle').click();
    const found = ada.page.locator('[data-found]', { hasText: 'a needle in the haystack' });
    await found.waitFor();
    for (const text of ['straw 39', 'straw 41']) await messageWith(ada, text).waitFor();
    const [top, bottom, view] = await found.evaluate((element) => {
      const { top, bottom } = element.getBoundingClientRect();
      return [top, bottom, document.querySelector('.scroller').getBoundingClientRect().toJSON()];
    });
    assert.ok(top >= view.top && bottom <= view.bottom, 'the result is in view');
    // The same result works again.
    await ada.page.getByRole('button', { name: 'Jump to the latest' }).click();
    await messageWith(ada, 'straw 260').waitFor();
    await ada.page.getByRole('searchbox', { name: 'Find people' }).fill('needle');
    await sidebarRow(ada, 'Far Away.*needle').click();
    await found.waitFor();
    // The URL works as a link; a seq that does not exist is ignored.
    const other = await ada.tab(`/c/${conversationId}?at=40`);
    await other.page.locator('[data-found]', { hasText: 'a needle in the haystack' }).waitFor();
    const beyond = await ada.tab(`/c/${conversationId}?at=9999`);
    await messageWith(beyond, 'straw 260').hover();
    await beyond.page.mouse.wheel(0, -2_000);
    // How far it scrolls depends on when the rows that come into view are loaded and measured.
    await messageWith(beyond, /straw (1[5-9]|2[0-2])\d/).first().waitFor();
    await beyond.page.getByRole('button', { name: 'Jump to the latest' }).waitFor();
    assert.deepEqual([ada.problems, other.problems, beyond.problems], [[], [], []]);
  });
});
