// The list at the side, with two people: its order, what is unread, the last message, who is there and who types.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch } from '../browser.mjs';
import { signUp } from '../people.mjs';
import { startServer } from '../server.mjs';
import { isAccessible } from './axe.mjs';
import { join, logIn, open, row, said, visit, write } from './people-in-browser.mjs';

describe('the list at the side', { timeout: 120_000 }, () => {
  let server, browser, ada, bob, carol, danas, right;
  before(async () => {
    server = await startServer();
    browser = await launch();
    ada = await join(await visit(browser, server.url), 'Ada Lovelace');
    bob = await join(await visit(browser, server.url), 'Bob Byron');
    [carol, right] = [await signUp(server, 'Carol Shaw'), await signUp(server, 'محمد الخوارزمي')];
    const { users } = await carol.ask('{ users(search: "Ada Lovelace") { nodes { id } } }');
    ada.id = users.nodes[0].id;
  });
  after(async () => {
    await browser?.close();
    await server?.dispose();
  });

  /** Waits until the names stand in this order, in the whole list or in a part of it. */
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
  const unread = (person, name, number) => row(person, `${name}.*${number} unread message`).waitFor();

  test('shows who begins whom there is to write to, and whoever comes new', async () => {
    // Two of them were not there yet when she signed up, and have never been online.
    await ada.page.reload();
    await people(ada, 'Bob Byron', 'Carol Shaw', 'محمد الخوارزمي');
    const dana = await join(await visit(browser, server.url), 'Dana Scott');
    await people(ada, 'Bob Byron', 'Carol Shaw', 'Dana Scott', 'محمد الخوارزمي');
    await row(ada, 'Dana Scott').click();
    await write(ada, 'welcome');
    await order(ada, 'Dana Scott');
    await people(ada, 'Bob Byron', 'Carol Shaw', 'محمد الخوارزمي');
      danas = dana;
    await dana.page.close();
  });

  test('has the latest activity first, in both directions', async () => {
    await carol.send(ada, 'from Carol');
    await order(ada, 'Carol Shaw', 'Dana Scott');
    await open(ada, 'Bob Byron');
    await write(ada, 'from Ada');
    await order(ada, 'Bob Byron', 'Carol Shaw', 'Dana Scott');
    await order(bob, 'Ada Lovelace');
    await carol.send(ada, 'from Carol again');
    await order(ada, 'Carol Shaw', 'Bob Byron', 'Dana Scott');
    await row(bob, 'Ada Lovelace').click();
    await write(bob, 'from Bob');
    await order(ada, 'Bob Byron', 'Carol Shaw', 'Dana Scott');
  });

  test('counts what is unread, until it is read on any page', async () => {
    await unread(ada, 'Carol Shaw', 2);
    await carol.send(ada, 'a third one');
    await unread(ada, 'Carol Shaw', 3);
    // What comes into the conversation that one looks at is read.
    await write(bob, 'right here');
    await said(ada, 'right here').waitFor();
    assert.equal(await row(ada, 'Bob Byron.*unread').count(), 0);

    const elsewhere = await logIn(await visit(browser, server.url), ada);
    await unread(elsewhere, 'Carol Shaw', 3);
    await row(elsewhere, 'Carol Shaw').click();
    for (const page of [elsewhere, ada]) await row(page, 'Carol Shaw.*unread').waitFor({ state: 'detached' });
    await elsewhere.context.close();
  });

  test('shows the last message, whose it is, and what has become of it', async () => {
    await write(bob, 'the last word');
    await row(ada, 'Bob Byron.*the last word').waitFor();
    await row(bob, 'Ada Lovelace.*You ?:.*the last word').waitFor();
    const field = bob.page.getByRole('textbox', { name: 'Your message' });
    await field.press('ArrowUp');
    await field.fill('the very last word');
    await field.press('Enter');
    await row(ada, 'Bob Byron.*the very last word').waitFor();
    await said(bob, 'the very last word').hover();
    await said(bob, 'the very last word').getByRole('button', { name: 'Delete' }).click();
    await bob.page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await row(ada, 'Bob Byron.*This message was deleted.').waitFor();
  });

  test('shows who is there and who types, in both directions', async () => {
    for (const [one, other] of [[ada, bob], [bob, ada]]) {
      await row(one, `${other.fullName}.*online`).waitFor();
      await other.page.getByRole('textbox', { name: 'Your message' }).pressSequentially('hm');
      await row(one, `${other.fullName}.*typing`).waitFor();
      await other.page.getByRole('textbox', { name: 'Your message' }).fill('');
      await row(one, `${other.fullName}.*typing`).waitFor({ state: 'detached' });
    }
    assert.equal(await row(ada, 'Carol Shaw.*online').count(), 0);
    await bob.page.close();
    await row(ada, 'Bob Byron.*online').waitFor({ state: 'detached', timeout: 30_000 });
    await ada.page.getByText(/^Last seen/).waitFor();
    bob = await bob.tab();
    await row(ada, 'Bob Byron.*online').waitFor();
    await ada.page.getByText('Online', { exact: true }).waitFor();
  });

  test('finds conversations that are too far down to be shown', async () => {
    const busy = await signUp(server, 'Busy Body');
    const { users } = await busy.ask('{ users(first: 100) { nodes { id fullName } } }');
    const make = (title) => busy.ask(
      'mutation ($title: String!, $ids: [ID!]!) { createConversation(input: { title: $title, memberIds: $ids }) { id } }',
      { title, ids: [users.nodes.find(({ fullName }) => fullName === 'Dana Scott').id] },
    );
    await make('The oldest of all');
    for (let number = 0; number < 110; number += 1) await make(`Club ${number}`);
    const dana = await logIn(await visit(browser, server.url), danas);
    await dana.page.getByRole('button', { name: 'Show more conversations' }).waitFor();
    assert.equal(await row(dana, 'The oldest').count(), 0);
    await dana.page.getByRole('searchbox', { name: 'Find people' }).fill('oldest');
    await row(dana, 'The oldest of all').waitFor();
    await dana.context.close();
  });

  test('finds conversations, people and messages, and nobody twice', async () => {
    const search = ada.page.getByRole('searchbox', { name: 'Find people' });
    await search.fill('carol');
    await ada.page.getByRole('heading', { name: 'Messages', exact: true }).waitFor();
    await all(ada, 'Carol Shaw', 'Carol Shaw', 'Carol Shaw');
    assert.equal(await ada.page.getByRole('heading', { name: 'People', exact: true }).count(), 0);
    assert.equal(await ada.page.getByRole('navigation').locator('mark').first().textContent(), 'Carol');
    await search.fill('محمد');
    await ada.page.getByRole('heading', { name: 'People', exact: true }).waitFor();
    await people(ada, 'محمد الخوارزمي');
    // That nobody is called so matters only where nothing else is found.
    await search.fill('from Carol');
    await all(ada, 'Carol Shaw', 'Carol Shaw');
    assert.equal(await ada.page.getByText('Nobody found.').isVisible(), false);
    // Nor has a search that did not reach the server found that out.
    await ada.page.route('**/graphql', (route) => route.abort());
    await search.fill('out of reach');
    await ada.page.locator('.toast').getByText('The server could not be reached.').waitFor();
    assert.equal(await ada.page.getByText('Nobody found.').count(), 0);
    await ada.page.unroute('**/graphql');
    ada.complaints.length = 0;
    await search.fill('nobody at all');
    await ada.page.getByText('Nobody found.').waitFor();
    await ada.page.getByText('No messages found.').waitFor();
    await search.press('Escape');
    await order(ada, 'Bob Byron', 'Carol Shaw', 'Dana Scott');
  });

  test('begins all names at one edge, and each preview at its beginning, in any script', async () => {
    await right.send(ada, `השורה הזאת ארוכה מאוד ${'ועוד מילים '.repeat(20)}`);
    await row(ada, 'محمد').waitFor();
    const edges = await ada.page.getByRole('navigation').locator('> ul:not([aria-label]) a').evaluateAll((rows) => rows.map((row) => {
      const edge = (part) => {
        const range = document.createRange();
        range.selectNodeContents(row.querySelector(part));
        return Math.round(range.getBoundingClientRect().left);
      };
      return edge('.row-name');
    }));
    assert.equal(new Set(edges).size, 1, `names begin at ${edges}`);
    // Cut at the end of its reading direction: the first letter is in view.
    const [first, view] = await row(ada, 'محمد').locator('.row-words').evaluate((words) => {
      const range = document.createRange();
      range.setStart(words.firstChild, 0);
      range.setEnd(words.firstChild, 1);
      return [range, words].map((thing) => thing.getBoundingClientRect().right);
    });
    assert.ok(first <= view + 1 && first > view - 20, `the first letter ends at ${first}, the row at ${view}`);
    assert.deepEqual(ada.complaints, []);
  });

  test('tells people whose names look the same apart, and says nothing more of others', async () => {
    for (const name of ['Alex\u200b Kim', 'Alex Kimball']) await signUp(server, name);
    const alex = await join(await visit(browser, server.url), 'Alex Kim');
    const said = ({ page }, item) => page.locator(item).filter({ hasText: 'Alex Kim' }).allInnerTexts();
    const [there, away, other] = [/^Alex Kim\s+Online, joined \d+ \w+ \d+, \d+:\d+$/, /^Alex\u200b Kim\s+Offline, joined \d/, /^Alex Kimball$/];
    const areTold = (texts) => {
      assert.equal(texts.length, 3);
      for (const one of [there, away, other]) assert.equal(texts.filter((text) => one.test(text.trim())).length, 1, `${one} in ${texts}`);
    };
    await ada.page.getByRole('searchbox', { name: 'Find people' }).fill('alex');
    await ada.page.getByRole('link', { name: 'Alex Kimball' }).waitFor();
    await ada.page.getByRole('link', { name: /Alex Kim.*Online,/ }).waitFor();
    areTold(await said(ada, 'nav .row-main'));
    await ada.page.getByRole('searchbox', { name: 'Find people' }).fill('');
    await ada.page.getByRole('button', { name: 'New group' }).click();
    await ada.page.getByLabel('Find people by name').fill('alex');
    await ada.page.getByRole('checkbox', { name: /Alex Kim.*Online,/ }).waitFor();
    areTold(await said(ada, '.picker .row-main'));
    await isAccessible(ada, 'people of one name');
    await alex.context.close();
    await ada.page.getByRole('checkbox', { name: /Alex Kim.*Last seen this minute,/ }).waitFor({ timeout: 30_000 });
    await ada.page.keyboard.press('Escape');
  });

  test('says times as they are by now, of a page that stays open', async () => {
    await bob.page.close();
    const later = await ada.tab('/');
    await later.page.clock.install({ time: new Date() });
    await later.page.goto(ada.origin);
    await row(later, 'Bob Byron').click();
    const when = row(later, 'Bob Byron').locator('time');
    await later.page.locator('.head').getByText(/^Last seen (this minute|1 minute ago)/).waitFor({ timeout: 30_000 });
    assert.deepEqual([await later.page.locator('.day').textContent(), /^\d+:\d+$/.test(await when.textContent())], ['Today', true]);
    await later.page.clock.fastForward('05:00');
    await later.page.locator('.head').getByText(/^Last seen [56] minutes ago$/).waitFor();
    await later.page.clock.fastForward('24:00:00');
    await later.page.locator('.day', { hasText: 'Yesterday' }).waitFor();
    await when.filter({ hasText: 'Yesterday' }).waitFor();
    await later.page.close();
  });
});
