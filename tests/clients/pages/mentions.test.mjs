// Whom messages call: notifications of nothing else, the list of one's mentions, and names that follow a rename.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signUp } from '../people.mjs';
import { assertAccessible } from './accessibility.mjs';
import { chooseFromMenu, messageWith, requestInPage, screenshot, sendText, sidebarRow } from './people-in-browser.mjs';
import { startTwoPeople } from './setup.mjs';

describe('mentions', { timeout: 120_000 }, () => {
  let server, ada, bob, carol, groupId, page, close;
  before(async () => {
    ({ server, ada, bob, close } = await startTwoPeople());
    ({ page } = ada);
    carol = await signUp(server, 'Carol Shaw');
    groupId = await carol.createGroup('Engine', ada, bob);
    for (const person of [ada, bob]) await sidebarRow(person, 'Engine').click();
  });
  after(() => close?.());

  const choose = async (person, item) => {
    await person.page.getByRole('button', { name: 'Options of this conversation' }).click();
    await person.page.getByRole('menuitem', { name: item, exact: true }).click();
  };
  const say = (text, mentionIds = []) => carol.request(
    'mutation ($to: ID!, $text: String!, $ids: [ID!]) { sendMessage(input: { to: { conversationId: $to }, text: $text, mentionIds: $ids }) { seq } }',
    { to: groupId, text, ids: mentionIds },
  );
  const call = async (person, letters, name, rest) => {
    const field = person.page.getByRole('textbox', { name: 'Your message' });
    await field.pressSequentially(`@${letters}`);
    await person.page.getByRole('option', { name }).click();
    await field.pressSequentially(rest);
    await field.press('Enter');
  };
  const announced = ({ page }) => page.getByRole('log', { name: 'New messages' });

  test('with “only mentions” nothing else is announced, on all devices', async () => {
    const other = await ada.tab();
    await choose(ada, 'Only mentions');
    await sidebarRow(other, 'Engine').getByLabel('only mentions').waitFor();
    await assertAccessible(other, 'a group of which one hears mentions only');
    await screenshot(other, 'pages-only-mentions');
    await say('Just talking');
    await messageWith(ada, 'Just talking').waitFor();
    await say('And you, Ada?', [ada.id]);
    await announced(other).getByText('And you, Ada?').waitFor();
    assert.equal(await announced(other).getByText('Just talking').count(), 0);
    await choose(ada, 'All messages');
    await sidebarRow(other, 'Engine').getByLabel('only mentions').waitFor({ state: 'detached' });
    await say('Louder');
    await announced(other).getByText('Louder').waitFor();
    await other.page.close();
  });

  test('an edit calls whom it names from now on, and only whole names call', async () => {
    const field = page.getByRole('textbox', { name: 'Your message' });
    const written = async (text) => {
      await messageWith(ada, text).waitFor();
      const { messages } = await requestInPage(
        ada, 'query ($id: ID!) { messages(conversation: { conversationId: $id }, last: 1) { nodes { text mentions { id } metadata } } }', { id: groupId },
      );
      return messages.nodes[0];
    };
    await bob.page.goto(bob.origin);
    await sendText(ada, 'Lunch at noon');
    await sidebarRow(bob, 'Engine.*1 unread message').waitFor();
    await field.press('ArrowUp');
    await field.pressSequentially(' @bob');
    await page.getByRole('option', { name: 'Bob Byron' }).click();
    await field.pressSequentially('*at* two');
    await page.getByRole('group', { name: 'Preview' }).locator('.mention', { hasText: '@Bob Byron' }).waitFor();
    await field.press('Enter');
    await messageWith(ada, 'at two').locator('.mention', { hasText: '@Bob Byron' }).waitFor();
    assert.deepEqual(await written('at two'), {
      text: 'Lunch at noon @Bob Byron *at* two', mentions: [{ id: bob.id }], metadata: { calledAs: { [bob.id]: 'Bob Byron' } },
    });
    await sidebarRow(bob, 'Engine.*1 message mentions you').waitFor();
    await field.press('ArrowUp');
    await field.fill('Lunch, @Bob Byron, at three');
    await field.press('Enter');
    await messageWith(ada, 'at three').locator('.mention').waitFor();
    await field.press('ArrowUp');
    await field.fill('Lunch at four');
    await field.press('Enter');
    assert.deepEqual(await written('at four'), { text: 'Lunch at four', mentions: [], metadata: null });
    await sidebarRow(bob, 'Engine.*mentions you').waitFor({ state: 'detached' });
    // A longer name is another one.
    await field.pressSequentially('@bob');
    await page.getByRole('option', { name: 'Bob Byron' }).click();
    await field.press('Backspace');
    await field.pressSequentially('sky wrote this');
    await field.press('Enter');
    assert.deepEqual(await written('wrote this'), { text: '@Bob Byronsky wrote this', mentions: [], metadata: null });
    await sidebarRow(bob, 'Engine').click();
  });

  test('whoever is called behind the tenth name is notified, too', async () => {
    const others = await Promise.all(Array.from({ length: 10 }, (_, number) => signUp(server, `Person ${number}`)));
    const crowd = await carol.createGroup('Crowd', ada, ...others);
    await sidebarRow(ada, 'Crowd').click();
    await choose(ada, 'Only mentions');
    await sidebarRow(ada, 'Crowd').getByLabel('only mentions').waitFor();
    await sidebarRow(ada, 'Engine').click();
    const message = (text, people) => ({ to: { conversationId: crowd }, text, mentionIds: people.map(({ id }) => id) });
    const call = (text, people) => carol.request('mutation ($input: SendMessageInput!) { sendMessage(input: $input) { seq } }', { input: message(text, people) });
    await call('All of you', [...others, ada]);
    await sidebarRow(ada, 'Crowd.*1 message mentions you.*1 unread message').waitFor();
    await announced(ada).getByText('All of you').waitFor();
    // At once: what the page asks about the first, the server answers after the second.
    await carol.request(
      'mutation ($first: SendMessageInput!, $second: SendMessageInput!) { first: sendMessage(input: $first) { seq } second: sendMessage(input: $second) { seq } }',
      { first: message('Only the others', others), second: message('You too', [...others, ada]) },
    );
    await sidebarRow(ada, 'Crowd.*2 messages mention you.*3 unread messages').waitFor();
    await announced(ada).getByText('You too').waitFor();
    // By now an answer about the first has come, too.
    await call('And again', [...others, ada]);
    await announced(ada).getByText('And again').waitFor();
    assert.equal(await announced(ada).getByText('Only the others').count(), 0);
  });

  test('the list of mentions leads to each message', async () => {
    for (let number = 1; number <= 60; number += 1) await say(`Filler ${number}`);
    await messageWith(ada, 'Filler 60').waitFor();
    await page.goto(ada.origin);
    await chooseFromMenu(ada, 'Mentions');
    const list = page.getByRole('dialog', { name: 'Mentions' });
    await list.getByRole('link', { name: 'And you, Ada?' }).waitFor();
    assert.equal(await list.getByRole('link').count(), 4);
    await assertAccessible(ada, 'the list of mentions');
    await screenshot(ada, 'pages-mentions');
    await list.getByRole('link', { name: 'And you, Ada?' }).click();
    await page.locator('[data-found]', { hasText: 'And you, Ada?' }).waitFor();
    await list.waitFor({ state: 'detached' });
    assert.equal(new URL(page.url()).pathname, `/c/${groupId}`);
    await chooseFromMenu(bob, 'Mentions');
    await bob.page.getByText('Nobody has mentioned you yet.').waitFor();
    await assertAccessible(bob, 'the list of mentions without any');
    await screenshot(bob, 'pages-mentions-none');
    await bob.page.keyboard.press('Escape');
  });

  test('a name in a mention follows a rename, at once and after a reload', async () => {
    await sidebarRow(bob, 'Engine').click();
    await call(bob, 'car', 'Carol Shaw', 'and');
    await call(bob, 'ada', 'Ada Lovelace', 'too');
    await page.getByRole('button', { name: /latest/ }).click();
    await messageWith(ada, '@Ada Lovelace too').locator('.mention[data-me]').waitFor();
    // What replies quote, too, and what one is replying to.
    for (const person of [bob, ada]) {
      // By the keyboard, as the list may move below a pointer.
      await messageWith(person, '@Carol Shaw and').first().focus();
      await person.page.keyboard.press('r');
      await person.page.locator('.composer-bar', { hasText: '@Carol Shaw and' }).waitFor();
      if (person === bob) await sendText(bob, 'As was said');
    }
    const quotes = [ada, bob].map((person) => messageWith(person, 'As was said').locator('.quote'));
    for (const quote of quotes) await quote.filter({ hasText: '@Carol Shaw and' }).waitFor();
    await carol.request('mutation { updateProfile(input: { fullName: "Carol King" }) { id } }');
    for (const person of [ada, bob]) await messageWith(person, '@Carol King and').locator('.mention').waitFor();
    for (const quote of quotes) await quote.filter({ hasText: '@Carol King and' }).waitFor();
    await page.locator('.composer-bar', { hasText: '@Carol King and' }).waitFor();
    await page.reload();
    await messageWith(ada, '@Carol King and').locator('.mention').waitFor();
    await quotes[0].filter({ hasText: '@Carol King and' }).waitFor();
    await page.getByRole('button', { name: 'Cancel reply' }).click();
    assert.equal(await messageWith(ada, 'Carol Shaw').locator('.mention').count(), 0);
    await sendText(ada, 'It is @Carol Shaw without a choice');
    await messageWith(bob, 'without a choice').waitFor();
    assert.equal(await messageWith(bob, 'without a choice').locator('.mention').count(), 0);
  });

  test('so do the sidebar, what is pinned, results of a search, and announcements', async () => {
    // As the pages send it.
    const callCarol = (name, rest) => requestInPage(
      bob, 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { id } }',
      { input: { to: { conversationId: groupId }, text: `@${name} ${rest}`, mentionIds: [carol.id], metadata: { calledAs: { [carol.id]: name } } } },
    );
    const { sendMessage: { id } } = await callCarol('Carol King', 'plays **first**');
    await carol.request('mutation ($id: ID!) { pinMessage(messageId: $id) { id } }', { id });
    await callCarol('Carol King', 'plays last');
    await page.getByRole('button', { name: 'Search this conversation' }).click();
    await page.getByRole('searchbox', { name: 'Search this conversation' }).fill('plays');
    const excerpts = async (name) => {
      await sidebarRow(ada, 'Engine').locator('.row-words', { hasText: `@${name} plays last` }).waitFor();
      await page.locator('.pinned-bar', { hasText: `@${name} plays first` }).waitFor();
      for (const which of ['first', 'last']) await page.locator('.search-hit', { hasText: `@${name} plays ${which}` }).waitFor();
    };
    await excerpts('Carol King');
    await carol.request('mutation { updateProfile(input: { fullName: "Carol Grant" }) { id } }');
    await excerpts('Carol Grant');
    await page.reload();
    await sidebarRow(ada, 'Engine').locator('.row-words', { hasText: '@Carol Grant plays last' }).waitFor();
    await page.locator('.pinned-bar', { hasText: '@Carol Grant plays first' }).waitFor();
    await callCarol('Carol King', 'was renamed meanwhile');
    await announced(ada).getByText('@Carol Grant was renamed meanwhile').waitFor();
    for (const person of [ada, bob]) assert.deepEqual(person.problems, []);
  });
});
