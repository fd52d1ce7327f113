// The sidebar: order, unread counts, last messages, presence, typing and search.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signUp } from '../people.mjs';
import { assertAccessible } from './accessibility.mjs';
import { logIn, messageWith, openConversation, sendText, sidebarRow, signUpInBrowser, startGroup, visit } from './people-in-browser.mjs';
import { startTwoPeople } from './setup.mjs';

describe('the sidebar', { timeout: 120_000 }, () => {
  let server, browser, ada, bob, carol, dana, right, close;
  before(async () => {
    ({ server, browser, ada, bob, close } = await startTwoPeople());
    [carol, right] = [await signUp(server, 'Carol Shaw'), await signUp(server, 'محمد الخوارزمي')];
  });
  after(() => close?.());

  /** Waits until the names are in this order, in the whole list or in a part of it. */
  const inOrder = (part) => async ({ page }, ...wanted) => {
    const names = page.locator(`nav ${part} .row-name`);
    await page.waitForFunction(({ part, wanted }) => {
      const names = [...document.querySelectorAll(`nav ${part} .row-name`)].map(({ textContent }) => textContent);
      return names.join() === wanted.join();
    }, { part, wanted }).catch(async () => assert.deepEqual(await names.allTextContents(), wanted));
  };
  const all = inOrder('a');
  const order = inOrder('> ul:not([aria-label])');
  const people = inOrder('[aria-label=People]');
  const unread = (person, name, number) => sidebarRow(person, `${name}.*${number} unread message`).waitFor();

  test('suggests people to new users, newcomers included', async () => {
    // Two of them signed up after her, and were never online.
    await ada.page.reload();
    await people(ada, 'Bob Byron', 'Carol Shaw', 'محمد الخوارزمي');
    dana = await signUpInBrowser(await visit(browser, server.url), 'Dana Scott');
    await people(ada, 'Bob Byron', 'Carol Shaw', 'Dana Scott', 'محمد الخوارزمي');
    await sidebarRow(ada, 'Dana Scott').click();
    await sendText(ada, 'welcome');
    await order(ada, 'Dana Scott');
    await people(ada, 'Bob Byron', 'Carol Shaw', 'محمد الخوارزمي');
    await dana.page.close();
  });

  test('sorts by latest activity, for both people', async () => {
    await carol.send(ada, 'from Carol');
    await order(ada, 'Carol Shaw', 'Dana Scott');
    await openConversation(ada, 'Bob Byron');
    await sendText(ada, 'from Ada');
    await order(ada, 'Bob Byron', 'Carol Shaw', 'Dana Scott');
    await order(bob, 'Ada Lovelace');
    await carol.send(ada, 'from Carol again');
    await order(ada, 'Carol Shaw', 'Bob Byron', 'Dana Scott');
    await sidebarRow(bob, 'Ada Lovelace').click();
    await sendText(bob, 'from Bob');
    await order(ada, 'Bob Byron', 'Carol Shaw', 'Dana Scott');
  });

  test('counts unread messages, until they are read on any page', async () => {
    await unread(ada, 'Carol Shaw', 2);
    await carol.send(ada, 'a third one');
    await unread(ada, 'Carol Shaw', 3);
    // Messages in the open conversation are read at once.
    await sendText(bob, 'right here');
    await messageWith(ada, 'right here').waitFor();
    assert.equal(await sidebarRow(ada, 'Bob Byron.*unread').count(), 0);

    const elsewhere = await logIn(await visit(browser, server.url), ada);
    await unread(elsewhere, 'Carol Shaw', 3);
    await sidebarRow(elsewhere, 'Carol Shaw').click();
    for (const page of [elsewhere, ada]) await sidebarRow(page, 'Carol Shaw.*unread').waitFor({ state: 'detached' });
    await elsewhere.context.close();
  });

  test('shows the last message, its sender, and its edits and deletion', async () => {
    await sendText(bob, 'the last word');
    await sidebarRow(ada, 'Bob Byron.*the last word').waitFor();
    await sidebarRow(bob, 'Ada Lovelace.*You ?:.*the last word').waitFor();
    const field = bob.page.getByRole('textbox', { name: 'Your message' });
    await field.press('ArrowUp');
    await field.fill('the very last word');
    await field.press('Enter');
    await sidebarRow(ada, 'Bob Byron.*the very last word').waitFor();
    await messageWith(bob, 'the very last word').hover();
    await messageWith(bob, 'the very last word').getByRole('button', { name: 'Delete' }).click();
    await bob.page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await sidebarRow(ada, 'Bob Byron.*This message was deleted.').waitFor();
  });

  test('shows presence and typing, for both people', async () => {
    for (const [one, other] of [[ada, bob], [bob, ada]]) {
      await sidebarRow(one, `${other.fullName}.*online`).waitFor();
      await other.page.getByRole('textbox', { name: 'Your message' }).pressSequentially('hm');
      await sidebarRow(one, `${other.fullName}.*typing`).waitFor();
      await other.page.getByRole('textbox', { name: 'Your message' }).fill('');
      await sidebarRow(one, `${other.fullName}.*typing`).waitFor({ state: 'detached' });
    }
    assert.equal(await sidebarRow(ada, 'Carol Shaw.*online').count(), 0);
    await bob.page.close();
    await sidebarRow(ada, 'Bob Byron.*online').waitFor({ state: 'detached', timeout: 30_000 });
    await ada.page.getByText(/^Last seen/).waitFor();
    bob = await bob.tab();
    await sidebarRow(ada, 'Bob Byron.*online').waitFor();
    await ada.page.getByText('Online', { exact: true }).waitFor();
  });

  test('finds conversations that are not loaded yet', async () => {
    const busy = await signUp(server, 'Busy Body');
    await busy.createGroup('The oldest of all', dana);
    for (let number = 0; number < 110; number += 1) await busy.createGroup(`Club ${number}`, dana);
    const again = await logIn(await visit(browser, server.url), dana);
    await again.page.getByRole('button', { name: 'Show more conversations' }).waitFor();
    assert.equal(await sidebarRow(again, 'The oldest').count(), 0);
    await again.page.getByRole('searchbox', { name: 'Find people' }).fill('oldest');
    await sidebarRow(again, 'The oldest of all').waitFor();
    await again.context.close();
  });

  test('finds conversations, people and messages, without duplicates', async () => {
    const search = ada.page.getByRole('searchbox', { name: 'Find people' });
    await search.fill('carol');
    await ada.page.getByRole('heading', { name: 'Messages', exact: true }).waitFor();
    await all(ada, 'Carol Shaw', 'Carol Shaw', 'Carol Shaw');
    assert.equal(await ada.page.getByRole('heading', { name: 'People', exact: true }).count(), 0);
    assert.equal(await ada.page.getByRole('navigation').locator('mark').first().textContent(), 'Carol');
    await search.fill('محمد');
    await ada.page.getByRole('heading', { name: 'People', exact: true }).waitFor();
    await people(ada, 'محمد الخوارزمي');
    // "Nobody found" is shown only if nothing else was found.
    await search.fill('from Carol');
    await all(ada, 'Carol Shaw', 'Carol Shaw');
    assert.equal(await ada.page.getByText('Nobody found.').isVisible(), false);
    // A failed search does not show it either.
    await ada.page.route('**/graphql', (route) => route.abort());
    await search.fill('out of reach');
    await ada.page.locator('.toast').getByText('The server could not be reached.').waitFor();
    assert.equal(await ada.page.getByText('Nobody found.').count(), 0);
    await ada.page.unroute('**/graphql');
    ada.problems.length = 0;
    await search.fill('nobody at all');
    await ada.page.getByText('Nobody found.').waitFor();
    await ada.page.getByText('No messages found.').waitFor();
    await search.press('Escape');
    await order(ada, 'Bob Byron', 'Carol Shaw', 'Dana Scott');
  });

  test('finds whom one writes with by plain letters, and what only the server finds', async () => {
    const search = ada.page.getByRole('searchbox', { name: 'Find people' });
    const people = await Promise.all(['José Álvarez', 'Sean O’Connor', 'Łódź Ærø'].map((name) => signUp(server, name)));
    for (const person of people) await person.send(ada, 'hi');
    await people[0].createGroup('Café', ada);
    for (const [typed, name] of [['jose', 'José Álvarez'], ['oconnor', 'Sean O’Connor'], ['lodz', 'Łódź Ærø'], ['aero', 'Łódź Ærø'], ['cafe', 'Café']]) {
      await search.fill(typed);
      await order(ada, name);
      await ada.page.keyboard.press('Control+k');
      await ada.page.getByRole('combobox').fill(typed);
      await ada.page.getByRole('option', { name }).waitFor();
      await ada.page.keyboard.press('Escape');
    }
    await search.fill(carol.email);
    await ada.page.getByRole('list', { name: 'People' }).getByRole('link', { name: 'Carol Shaw' }).waitFor();
    await search.press('Escape');
  });

  test('aligns names, and truncates previews at their end, in any script', async () => {
    await right.send(ada, `השורה הזאת ארוכה מאוד ${'ועוד מילים '.repeat(20)}`);
    await sidebarRow(ada, 'محمد').waitFor();
    const edges = await ada.page.getByRole('navigation').locator('> ul:not([aria-label]) a').evaluateAll((rows) => rows.map((row) => {
      const edge = (part) => {
        const range = document.createRange();
        range.selectNodeContents(row.querySelector(part));
        return Math.round(range.getBoundingClientRect().left);
      };
      return edge('.row-name');
    }));
    assert.equal(new Set(edges).size, 1, `names begin at ${edges}`);
    // Truncated at the end of the text's direction, so the first letter is in view.
    const [first, view] = await sidebarRow(ada, 'محمد').locator('.row-words').evaluate((words) => {
      const range = document.createRange();
      range.setStart(words.firstChild, 0);
      range.setEnd(words.firstChild, 1);
      return [range, words].map((thing) => thing.getBoundingClientRect().right);
    });
    assert.ok(first <= view + 1 && first > view - 20, `the first letter ends at ${first}, the row at ${view}`);
    assert.deepEqual(ada.problems, []);
  });

  test('distinguishes people whose names look the same, and shows no details of others', async () => {
    for (const name of ['Alex\u200b Kim', 'Alex Kimball']) await signUp(server, name);
    const alex = await signUpInBrowser(await visit(browser, server.url), 'Alex Kim');
    const namesIn = ({ page }, item) => page.locator(item).filter({ hasText: 'Alex Kim' }).allInnerTexts();
    const [there, away, other] = [/^Alex Kim\s+Online, joined \d+ \w+ \d+, \d+:\d+$/, /^Alex\u200b Kim\s+Offline, joined \d/, /^Alex Kimball$/];
    const areDistinguished = (texts) => {
      assert.equal(texts.length, 3);
      for (const one of [there, away, other]) assert.equal(texts.filter((text) => one.test(text.trim())).length, 1, `${one} in ${texts}`);
    };
    await ada.page.getByRole('searchbox', { name: 'Find people' }).fill('alex');
    await ada.page.getByRole('link', { name: 'Alex Kimball' }).waitFor();
    await ada.page.getByRole('link', { name: /Alex Kim.*Online,/ }).waitFor();
    areDistinguished(await namesIn(ada, 'nav .row-main'));
    await ada.page.getByRole('searchbox', { name: 'Find people' }).fill('');
    await startGroup(ada);
    await ada.page.getByLabel('Find people by name').fill('alex');
    await ada.page.getByRole('checkbox', { name: /Alex Kim.*Online,/ }).waitFor();
    areDistinguished(await namesIn(ada, '.picker .row-main'));
    await assertAccessible(ada, 'people of one name');
    await alex.context.close();
    await ada.page.getByRole('checkbox', { name: /Alex Kim.*Last seen this minute,/ }).waitFor({ timeout: 30_000 });
    await ada.page.keyboard.press('Escape');
  });

  test('keeps relative times current on a page that stays open', async () => {
    await bob.page.close();
    const later = await ada.tab('/');
    await later.page.clock.install({ time: new Date() });
    await later.page.goto(ada.origin);
    await sidebarRow(later, 'Bob Byron').click();
    const when = sidebarRow(later, 'Bob Byron').locator('time');
    await later.page.locator('.conversation-header').getByText(/^Last seen (this minute|1 minute ago)/).waitFor({ timeout: 30_000 });
    assert.deepEqual([await later.page.locator('.day').textContent(), /^\d+:\d+$/.test(await when.textContent())], ['Today', true]);
    await later.page.clock.fastForward('05:00');
    await later.page.locator('.conversation-header').getByText(/^Last seen [56] minutes ago$/).waitFor();
    await later.page.clock.fastForward('24:00:00');
    await later.page.locator('.day', { hasText: 'Yesterday' }).waitFor();
    await when.filter({ hasText: 'Yesterday' }).waitFor();
    await later.page.close();
  });
});
