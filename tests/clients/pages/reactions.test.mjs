// Reactions and mentions: two people see each other's at once, by mouse, keyboard and finger.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signUp } from '../people.mjs';
import { assertAccessible } from './accessibility.mjs';
import { messageWith, screenshot, sendText, sidebarRow, visit, signUpInBrowser } from './people-in-browser.mjs';
import { startTwoPeople } from './setup.mjs';

describe('reactions and mentions', { timeout: 120_000 }, () => {
  let server, browser, ada, bob, carol, groupId, page, close;
  before(async () => {
    ({ server, browser, ada, bob, close } = await startTwoPeople());
    ({ page } = ada);
    carol = await signUp(server, 'Carol Shaw');
    groupId = await carol.createGroup('Engine', ada, bob);
    for (const person of [ada, bob]) await sidebarRow(person, 'Engine').click();
    await sendText(ada, 'Shall we?');
    await messageWith(bob, 'Shall we?').waitFor();
  });
  after(() => close?.());

  const chip = (person, text, name) => messageWith(person, text).getByRole('button', { name });

  test('a reaction is seen by others at once, counted, and taken back', async () => {
    const message = messageWith(bob, 'Shall we?');
    await message.hover();
    await message.getByRole('button', { name: 'React' }).click();
    const picker = bob.page.getByRole('dialog', { name: 'Emoji' });
    await picker.getByRole('region', { name: 'Often used' }).getByRole('button', { name: '+1' }).click();
    await chip(ada, 'Shall we?', '👍, 1 reaction').waitFor();
    assert.equal(await chip(ada, 'Shall we?', '👍').getAttribute('aria-pressed'), 'false');
    assert.equal(await chip(bob, 'Shall we?', '👍').getAttribute('aria-pressed'), 'true');
    await chip(ada, 'Shall we?', '👍').click();
    for (const person of [ada, bob]) await chip(person, 'Shall we?', '👍, 2 reactions').and(person.page.locator('[aria-pressed=true]')).waitFor();
    await assertAccessible(ada, 'reactions');
    await screenshot(ada, 'pages-reactions');
    // Over a reload, too.
    await page.reload();
    await chip(ada, 'Shall we?', '👍, 2 reactions').and(page.locator('[aria-pressed=true]')).waitFor();
    await chip(ada, 'Shall we?', '👍').click();
    await chip(bob, 'Shall we?', '👍, 1 reaction').waitFor();
    await chip(bob, 'Shall we?', '👍').click();
    await chip(ada, 'Shall we?', '👍').waitFor({ state: 'detached' });
  });

  test('on another device of the same person a reaction is one’s own', async () => {
    const other = await ada.tab(`/c/${groupId}`);
    await messageWith(other, 'Shall we?').waitFor();
    await messageWith(ada, 'Shall we?').hover();
    await messageWith(ada, 'Shall we?').getByRole('button', { name: 'More about this message' }).click();
    await page.getByRole('dialog', { name: 'Message' }).getByRole('button', { name: '😂' }).click();
    await chip(other, 'Shall we?', '😂, 1 reaction').and(other.page.locator('[aria-pressed=true]')).waitFor();
    await other.page.close();
    // Who reacted, by name.
    await messageWith(bob, 'Shall we?').hover();
    await messageWith(bob, 'Shall we?').getByRole('button', { name: 'More about this message' }).click();
    const sheet = bob.page.getByRole('dialog', { name: 'Message' });
    await sheet.getByText('Ada Lovelace').waitFor();
    await assertAccessible(bob, 'who reacted');
    await bob.page.keyboard.press('Escape');
  });

  test('an edit keeps reactions, a deletion takes them away', async () => {
    await page.getByRole('textbox', { name: 'Your message' }).press('ArrowUp');
    await page.getByText('Edit your message').waitFor();
    await sendText(ada, 'Shall we dance?');
    await messageWith(bob, 'Shall we dance?').waitFor();
    for (const person of [ada, bob]) await chip(person, 'Shall we dance?', '😂, 1 reaction').waitFor();
    assert.equal(await chip(ada, 'Shall we dance?', '😂').getAttribute('aria-pressed'), 'true');
    const { message } = { message: messageWith(ada, 'Shall we dance?') };
    await message.hover();
    await message.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
    await messageWith(bob, 'This message was deleted.').waitFor();
    for (const person of [ada, bob]) assert.equal(await person.page.locator('.reaction').count(), 0);
  });

  test('@ offers the people of the conversation, and calls who was chosen', async () => {
    const eve = await signUpInBrowser(await visit(browser, server.url), 'Eve Newton');
    await carol.request('mutation ($id: ID!, $eve: ID!) { addMembers(conversationId: $id, userIds: [$eve]) { id } }', { id: groupId, eve: eve.id });
    await sidebarRow(eve, 'Engine').waitFor();
    const field = page.getByRole('textbox', { name: 'Your message' });
    await field.pressSequentially('Look, @ev');
    const options = page.getByRole('listbox', { name: 'Suggestions' }).getByRole('option');
    await options.filter({ hasText: 'Eve Newton' }).waitFor();
    await assertAccessible(ada, 'suggestions of people');
    await screenshot(ada, 'pages-mention');
    await options.filter({ hasText: 'Eve Newton' }).click();
    assert.equal(await field.inputValue(), 'Look, @Eve Newton ');
    await field.press('Enter');
    await sidebarRow(eve, 'Engine.*1 message mentions you').waitFor();
    await assertAccessible(eve, 'a mention in the list');
    assert.equal(await bob.page.locator('.mention').textContent(), '@Eve Newton');
    assert.equal(await bob.page.locator('.mention[data-me]').count(), 0);
    await sidebarRow(eve, 'Engine').click();
    await eve.page.locator('.mention[data-me]', { hasText: '@Eve Newton' }).waitFor();
    await assertAccessible(eve, 'a mention');
    await screenshot(eve, 'pages-mentioned');
    await sidebarRow(eve, 'Engine.*mentions you').waitFor({ state: 'detached' });
    // A name that was typed and not chosen calls nobody, nor does one that was taken out again.
    await sendText(ada, '@Bob Byron without choosing');
    await messageWith(bob, 'without choosing').waitFor();
    assert.equal(await messageWith(bob, 'without choosing').locator('.mention').count(), 0);
    await field.pressSequentially('@everyo');
    await options.first().waitFor();
    await field.press('Enter');
    await field.press('Enter');
    await messageWith(bob, '@everyone').locator('.mention[data-me]').waitFor();
    for (const person of [ada, bob, eve]) assert.deepEqual(person.problems, []);
  });
});
