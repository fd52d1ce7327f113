// Getting around: the switcher and the other keys, the search within a conversation, links to messages, and cards of people.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signUp } from '../people.mjs';
import { assertAccessible } from './accessibility.mjs';
import { chooseFromMenu, messageWith, screenshot, sendText, sidebarRow, signUpInBrowser, visit } from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

describe('getting around', { timeout: 120_000 }, () => {
  let server, browser, ada, page, bob, carol, close;
  before(async () => {
    ({ server, browser, close } = await startPages());
    ada = await signUpInBrowser(await visit(browser, server.url), 'Ada Lovelace');
    ({ page } = ada);
    await ada.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    [bob, carol] = [await signUp(server, 'Bob Byron'), await signUp(server, 'Carol Shaw')];
    for (let number = 0; number < 40; number += 1) await bob.send(ada, number === 3 ? 'a needle' : `straw ${number}.`);
    await carol.createGroup('Engine', ada, bob);
    await sidebarRow(ada, 'Engine').waitFor();
  });
  after(() => close?.());

  const heading = (name) => page.getByRole('heading', { name, exact: true }).waitFor();
  const switcher = () => page.getByRole('dialog', { name: 'Go to' });

  test('Ctrl+K goes to a conversation or a person by a few letters', async () => {
    await sidebarRow(ada, 'Bob Byron').click();
    await heading('Bob Byron');
    await page.keyboard.press('Control+k');
    const field = switcher().getByRole('combobox');
    await field.and(page.locator(':focus')).waitFor();
    await switcher().getByRole('option', { name: 'Engine' }).waitFor();
    await assertAccessible(ada, 'the switcher');
    await screenshot(ada, 'pages-switcher');
    await field.fill('eng');
    await switcher().getByRole('option').filter({ hasNotText: 'Engine' }).first().waitFor({ state: 'detached' });
    await page.keyboard.press('Enter');
    await heading('Engine');
    await switcher().waitFor({ state: 'detached' });
    // Somebody without a conversation; the arrows choose, and Back closes it.
    await page.keyboard.press('Control+k');
    await field.fill('carol');
    await switcher().getByRole('option', { name: 'Carol Shaw', selected: true }).waitFor();
    await page.waitForFunction(() => history.state?.dialogs === 1);
    await page.goBack();
    await switcher().waitFor({ state: 'detached' });
    await heading('Engine');
    await page.keyboard.press('Control+k');
    await field.fill('carol');
    await switcher().getByRole('option', { name: 'Carol Shaw' }).click();
    await heading('Carol Shaw');
    await page.keyboard.press('Control+k');
    await field.fill('nobody of this name');
    await switcher().getByText('Nothing found.').waitFor();
    await page.keyboard.press('Escape');
    await switcher().waitFor({ state: 'detached' });
  });

  test('Alt with the arrows goes through the conversations, and Ctrl+/ lists the keys', async () => {
    await sidebarRow(ada, 'Engine').click();
    await heading('Engine');
    await page.keyboard.press('Alt+ArrowDown');
    await heading('Bob Byron');
    await page.keyboard.press('Alt+ArrowUp');
    await heading('Engine');
    await page.keyboard.press('Control+/');
    const list = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await list.getByText('Go to a conversation or a person').waitFor();
    await assertAccessible(ada, 'the list of keys');
    await screenshot(ada, 'pages-shortcuts');
    await page.keyboard.press('Escape');
    await list.waitFor({ state: 'detached' });
    // Where nothing is written a question mark opens it; where something is, it is one.
    await page.keyboard.type('?');
    assert.equal(await page.getByRole('textbox', { name: 'Your message' }).inputValue(), '?');
    await page.getByRole('textbox', { name: 'Your message' }).fill('');
    await page.goto(ada.origin);
    await heading('Select a conversation');
    await page.keyboard.press('?');
    await list.waitFor();
    await page.keyboard.press('Escape');
    await list.waitFor({ state: 'detached' });
    await chooseFromMenu(ada, 'Keyboard shortcuts');
    await list.waitFor();
    await page.keyboard.press('Escape');
    await list.waitFor({ state: 'detached' });
  });

  test('searches the messages of one conversation', async () => {
    await sidebarRow(ada, 'Bob Byron').click();
    await heading('Bob Byron');
    await messageWith(ada, 'a needle').waitFor();
    await page.keyboard.press('Control+Shift+f');
    const panel = page.getByRole('region', { name: 'Search this conversation' });
    await panel.getByRole('searchbox').and(page.locator(':focus')).waitFor();
    await page.keyboard.type('needle');
    await panel.getByRole('link', { name: /Bob Byron.*a needle/ }).waitFor();
    assert.equal(await panel.getByRole('link').count(), 1);
    await assertAccessible(ada, 'the search within a conversation');
    await screenshot(ada, 'pages-search-here');
    await panel.getByRole('link').click();
    await page.locator('[data-found]', { hasText: 'a needle' }).waitFor();
    // It stays beside the messages until it is closed.
    await panel.getByRole('searchbox').fill('absent');
    await panel.getByText('No messages found.').waitFor();
    await panel.getByRole('searchbox').press('Escape');
    await panel.waitFor({ state: 'detached' });
  });

  test('copies a link to a message, which leads to it', async () => {
    await sidebarRow(ada, 'Bob Byron').click();
    await messageWith(ada, 'a needle').hover();
    await messageWith(ada, 'a needle').getByRole('button', { name: 'More about this message' }).click();
    const sheet = page.getByRole('dialog', { name: 'Message' });
    await sheet.getByText(/^Sent /).waitFor();
    await assertAccessible(ada, 'everything about a message');
    await screenshot(ada, 'pages-message-sheet');
    await sheet.getByRole('button', { name: 'Copy link' }).click();
    await page.getByText('Link copied.').first().waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(link, /\/c\/[\da-f-]{36}\?at=4$/);
    await page.goto(link);
    await page.locator('[data-found]', { hasText: 'a needle' }).waitFor();
  });

  test('says by name who has read a message', async () => {
    await sidebarRow(ada, 'Engine').click();
    await sendText(ada, 'Who reads this?');
    await messageWith(ada, 'Who reads this?').and(page.locator('[data-seq]')).waitFor();
    const { conversations } = await bob.request('{ conversations { nodes { id title lastSeq } } }');
    const { id, lastSeq } = conversations.nodes.find(({ title }) => title === 'Engine');
    await bob.request('mutation ($id: ID!, $seq: Int!) { markRead(conversation: { conversationId: $id }, upToSeq: $seq) { id } }', { id, seq: lastSeq });
    await page.getByText('Read by 1', { exact: true }).waitFor();
    await messageWith(ada, 'Who reads this?').hover();
    await messageWith(ada, 'Who reads this?').getByRole('button', { name: 'More about this message' }).click();
    const sheet = page.getByRole('dialog', { name: 'Message' });
    await sheet.getByRole('heading', { name: 'Read by', exact: true }).waitFor();
    assert.deepEqual(await sheet.locator('.row-name').allTextContents(), ['Bob Byron', 'Carol Shaw']);
    await assertAccessible(ada, 'who has read a message');
    // Its other actions are there too: an edit has the focus in the field.
    await sheet.getByRole('button', { name: 'Edit' }).click();
    await page.getByText('Edit your message').waitFor();
    await page.getByRole('textbox', { name: 'Your message' }).and(page.locator(':focus')).waitFor();
    await page.keyboard.press('Escape');
  });

  test('a name or a picture opens the card of a person, from which one writes to them', async () => {
    const seen = await carol.request('{ conversations { nodes { id title } } }');
    await carol.request('mutation ($id: ID!) { sendMessage(input: { to: { conversationId: $id }, text: "From Carol" }) { id } }', { id: seen.conversations.nodes[0].id });
    await messageWith(ada, 'From Carol').waitFor();
    await messageWith(ada, 'From Carol').getByRole('button', { name: 'Profile of Carol Shaw' }).click();
    const card = page.getByRole('dialog', { name: 'Profile' });
    await card.getByText('Carol Shaw').waitFor();
    await assertAccessible(ada, 'the card of a person');
    await screenshot(ada, 'pages-profile');
    await card.getByRole('link', { name: 'Send a message' }).click();
    await card.waitFor({ state: 'detached' });
    await heading('Carol Shaw');
    await page.getByRole('button', { name: 'Profile', exact: true }).click();
    await card.waitFor();
    await page.keyboard.press('Escape');
    await card.waitFor({ state: 'detached' });
    assert.deepEqual(ada.problems, []);
  });
});
