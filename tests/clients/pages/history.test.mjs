// The messages of a conversation: where what is new begins, days, emoji, who has read, and the way to one far away.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch } from '../browser.mjs';
import { signUp } from '../people.mjs';
import { startServer } from '../server.mjs';
import { join, logIn, row, said, visit, write } from './people-in-browser.mjs';

describe('the messages of a conversation', { timeout: 120_000 }, () => {
  let server, browser, ada, bob, carol;
  before(async () => {
    server = await startServer();
    browser = await launch();
    ada = await join(await visit(browser, server.url), 'Ada Lovelace');
    [bob, carol] = [await signUp(server, 'Bob Byron'), await signUp(server, 'Carol Shaw')];
    const { users } = await bob.ask('{ users(search: "Ada Lovelace") { nodes { id } } }');
    ada.id = users.nodes[0].id;
  });
  after(async () => {
    await browser?.close();
    await server?.dispose();
  });

  const rows = ({ page }) => page.locator('.message-row');
  const read = (person, conversationId, upToSeq) => person.ask(
    'mutation ($id: ID!, $upToSeq: Int!) { markRead(conversation: { conversationId: $id }, upToSeq: $upToSeq) { id } }',
    { id: conversationId, upToSeq },
  );

  test('have a line above what is new, until one has answered', async () => {
    await bob.send(ada, 'seen');
    await row(ada, 'Bob Byron').click();
    await said(ada, 'seen').waitFor();
    await row(ada, 'Bob Byron.*unread').waitFor({ state: 'detached' });
    await carol.send(ada, 'elsewhere');
    await row(ada, 'Carol Shaw').click();
    for (const text of ['new one', 'new two']) await bob.send(ada, text);
    await row(ada, 'Bob Byron.*2 unread').click();
    const line = ada.page.locator('.unread-divider', { hasText: 'New messages' });
    await line.waitFor();
    assert.equal(await line.count(), 1);
    assert.match(await rows(ada).filter({ has: line }).textContent(), /new one/);
    await write(ada, 'Answered.');
    await said(ada, 'Answered.').waitFor();
    await line.waitFor({ state: 'detached' });
  });

  test('are under the day on which they were written, as people say it', async () => {
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

  test('are large where they are emoji and nothing else', async () => {
    const size = (text) => said(ada, text).locator('.words').evaluate((words) => parseFloat(getComputedStyle(words).fontSize));
    for (const text of ['🎉', '👩🏽‍💻 🇩🇪 ❤️', 'so 🎊', '7', '🐝🐝🐝🐝🐝🐝🐝']) await bob.send(ada, text);
    await said(ada, '🐝').waitFor();
    const usual = await size('so 🎊');
    for (const text of ['🎉', '👩🏽‍💻']) assert.ok(await size(text) >= 2 * usual, text);
    assert.equal(await size('🐝'), usual);
  });

  test('keep links and code in their own order within text that goes the other way', async () => {
    await bob.send(ada, 'انظر https://example.org/ و `f(x);` هنا');
    await said(ada, 'انظر').waitFor();
    for (const part of ['a', 'code']) {
      const [first, last] = await said(ada, 'انظر').locator(`.words ${part}`).evaluate(({ firstChild: text }) => [0, text.length - 1].map((at) => {
        const range = document.createRange();
        range.setStart(text, at);
        range.setEnd(text, at + 1);
        return range.getBoundingClientRect().left;
      }));
      assert.ok(first < last, `${part} goes from left to right`);
    }
  });

  test('have links to addresses, and none to files', async () => {
    await bob.send(ada, 'README.md, src/main.rs:12 and setup.py are files; example.org, www.example.rs, example.rs/setup.py and https://README.md are not');
    await said(ada, 'are files').waitFor();
    assert.deepEqual(
      await said(ada, 'are files').getByRole('link').allTextContents(),
      ['example.org', 'www.example.rs', 'example.rs/setup.py', 'https://README.md'],
    );
  });

  test('have a time that reads from left to right, beside words that do not', async () => {
    const american = await logIn(await visit(browser, server.url, { locale: 'en-US' }), ada);
    await row(american, 'Bob Byron').click();
    const [first, last] = await said(american, 'انظر').locator('time').evaluate(({ firstChild: text }) => [0, text.length - 1].map((at) => {
      const range = document.createRange();
      range.setStart(text, at);
      range.setEnd(text, at + 1);
      return range.getBoundingClientRect().left;
    }));
    assert.ok(first < last, 'it ends with AM or PM');
    await american.context.close();
  });

  test('leave room for the time beside the last word', async () => {
    const overlap = await ada.page.locator('.bubble:has(> .text > .meta)').evaluateAll((bubbles) => bubbles.filter((bubble) => {
      const range = document.createRange();
      range.selectNodeContents(bubble.querySelector('.words'));
      const time = bubble.querySelector('.meta').getBoundingClientRect();
      return [...range.getClientRects()].some((word) => word.width > 0 && word.bottom - 4 > time.top
        && word.top + 4 < time.bottom && word.right > time.left && word.left < time.right);
    }).map((bubble) => bubble.textContent));
    assert.deepEqual(overlap, []);
  });

  test('say in a group how many have read, and when all have', async () => {
    const { createConversation: { id } } = await bob.ask(
      'mutation ($ids: [ID!]!) { createConversation(input: { title: "Engine", memberIds: $ids }) { id } }',
      { ids: [ada.id, carol.id] },
    );
    await row(ada, 'Engine').click();
    await write(ada, 'Has everybody read this?');
    await ada.page.getByText('Sent', { exact: true }).waitFor();
    await read(bob, id, 1);
    await ada.page.getByText('Read by 1', { exact: true }).waitFor();
    await read(carol, id, 1);
    await ada.page.getByText('Read by all', { exact: true }).waitFor();
  });

  test('are found far away, and shown among those around them', async () => {
    const far = await signUp(server, 'Far Away');
    let conversationId;
    for (let number = 1; number <= 260; number += 1) {
      ({ conversationId } = await far.send(ada, number === 40 ? 'a needle in the haystack' : `straw ${number}`));
    }
    await row(ada, 'Far Away').click();
    await said(ada, 'straw').first().waitFor();
    await ada.page.getByRole('button', { name: 'jump to the latest' }).click();
    await said(ada, 'straw 260').waitFor();
    await ada.page.getByRole('searchbox', { name: 'Find people' }).fill('needle');
    await row(ada, 'Far Away.*needle').click();
    const found = ada.page.locator('[data-found]', { hasText: 'a needle in the haystack' });
    await found.waitFor();
    for (const text of ['straw 39', 'straw 41']) await said(ada, text).waitFor();
    const [top, bottom, view] = await found.evaluate((element) => {
      const { top, bottom } = element.getBoundingClientRect();
      return [top, bottom, document.querySelector('.scroller').getBoundingClientRect().toJSON()];
    });
    assert.ok(top >= view.top && bottom <= view.bottom, 'what was found is in view');
    // And again, by the same hit.
    await ada.page.getByRole('button', { name: 'Jump to the latest' }).click();
    await said(ada, 'straw 260').waitFor();
    await ada.page.getByRole('searchbox', { name: 'Find people' }).fill('needle');
    await row(ada, 'Far Away.*needle').click();
    await found.waitFor();
    // The address leads there too, as a link does, and nowhere where there is no such message.
    const other = await ada.tab(`/c/${conversationId}?at=40`);
    await other.page.locator('[data-found]', { hasText: 'a needle in the haystack' }).waitFor();
    await other.page.goto(`${ada.origin}/c/${conversationId}?at=9999`);
    await said(other, 'straw 260').hover();
    await other.page.mouse.wheel(0, -2_000);
    await said(other, 'straw 220').waitFor();
    assert.deepEqual([ada.complaints, other.complaints], [[], []]);
  });
});
