// Takes pictures of somebody's first minutes with the pages, for whoever changes how they look: sign up, find, write, react,
// mention, mute, groups, settings, blocks, reports. `node first-minutes.mjs [VARIANT]…` puts them into screenshots/VARIANT/.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { launch } from './browser.mjs';
import { signUp } from './people.mjs';
import { evening, png } from './png.mjs';
import { startServer } from './server.mjs';
import { chooseFromMenu, messageWith, openSettings, requestInPage, sendText, sidebarRow, signUpInBrowser, startGroup, visit } from './pages/people-in-browser.mjs';

const VARIANTS = {
  light: {},
  dark: { colorScheme: 'dark' },
  phone: { width: 390, height: 844, hasTouch: true, isMobile: true },
  small: { width: 320, height: 568, hasTouch: true, isMobile: true, colorScheme: 'dark' },
  /** A window of 1200 pixels, magnified to 200 %. */
  zoomed: { width: 600, height: 400, deviceScaleFactor: 2 },
  rtl: { isRtl: true },
};

const chosen = process.argv.slice(2);
const browser = await launch();
const server = await startServer();
try {
  for (const name of chosen.length > 0 ? chosen : Object.keys(VARIANTS)) await take(name, VARIANTS[name]);
} finally {
  await browser.close();
  await server.dispose();
}

async function take(variant, { isRtl = false, ...options }) {
  const folder = fileURLToPath(new URL(`screenshots/${variant}/`, import.meta.url));
  mkdirSync(folder, { recursive: true });
  const isTouch = options.hasTouch === true;
  const isNarrow = (options.width ?? 1200) <= 720;
  // Names of their own, so that one variant does not find the people of another.
  const [bob, carol, dora] = [await signUp(server, 'Bob Byron'), await signUp(server, 'Carol Shaw'), await signUp(server, 'Dora Nightingale-Featherstonehaugh')];
  const person = await visit(browser, server.url, options);
  const { page } = person;
  if (isRtl) {
    await person.context.addInitScript(() => document.addEventListener('DOMContentLoaded', () => { document.documentElement.dir = 'rtl'; }));
    await page.reload();
  }
  let number = 0;
  const shot = async (what) => {
    await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {}))));
    await page.evaluate(() => document.fonts.ready);
    number += 1;
    await page.screenshot({ path: `${folder}${String(number).padStart(2, '0')}-${what}.png` });
  };
  const dialog = (name) => page.getByRole('dialog', { name });
  const escape = async () => {
    await page.keyboard.press('Escape');
    await page.locator('.backdrop, .menu').first().waitFor({ state: 'detached' });
  };
  const toList = async () => { if (isNarrow && await page.getByRole('link', { name: 'Back to conversations' }).isVisible()) await page.getByRole('link', { name: 'Back to conversations' }).click(); };
  const open = async (name) => {
    await toList();
    await sidebarRow(person, name).first().click();
    await page.locator('.conversation').waitFor();
  };
  const menuOf = async (item) => {
    await page.getByRole('button', { name: 'Options of this conversation' }).click();
    if (item) await page.getByRole('menuitem', { name: item, exact: true }).click();
  };
  const point = async (text) => {
    const message = messageWith(person, text).last();
    if (isTouch) await message.tap();
    else await message.hover();
    return message;
  };
  const field = page.getByRole('textbox', { name: 'Your message' });
  const say = (who, to, text, more = {}) => who.request(
    'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { id seq conversationId } }', { input: { to, text, ...more } },
  ).then(({ sendMessage }) => sendMessage);

  await page.getByRole('button', { name: 'New here?' }).waitFor();
  await shot('log-in');
  await page.getByRole('button', { name: 'New here?' }).click();
  await page.getByLabel('Your name').fill('Ada Lovelace');
  await shot('sign-up');
  await page.getByRole('button', { name: 'Already have an account?' }).click();
  const ada = await signUpInBrowser(person, 'Ada Lovelace');
  await page.waitForLoadState('networkidle');
  await shot('nothing-yet');
  await page.getByRole('button', { name: 'New', exact: true }).click();
  await page.getByRole('menuitem', { name: 'New message' }).waitFor();
  await shot('new');
  await escape();
  await page.getByRole('searchbox', { name: 'Find people' }).fill('Bob');
  await page.getByRole('navigation').getByRole('link', { name: 'Bob Byron' }).first().waitFor();
  await shot('find');
  await page.getByRole('button', { name: 'Clear search' }).click();
  // The newest Bob, whom nobody else has written to.
  await page.evaluate((id) => { history.pushState(null, '', `/with/${id}`); }, bob.id);
  await field.waitFor();
  await page.getByText('This is the start').waitFor();
  await shot('nothing-written');
  await field.fill('Good *morning*, Bob! `let engine = new Analytical();`');
  await shot('writing');
  await field.press('Enter');
  if (isTouch) await page.getByRole('button', { name: 'Send', exact: true }).click();
  await messageWith(person, 'Good morning').waitFor();
  const { conversationId } = await say(bob, { userId: ada.id }, 'Good morning, Ada. How is it going?\nI have thought about what you said last week, and I think that we should begin with the cards.');
  await say(bob, { conversationId }, 'See https://example.org/cards');
  await messageWith(person, 'See https').waitFor();
  await shot('answered');
  await (await point('See https')).getByRole('button', { name: 'Reply' }).waitFor();
  await shot('actions');
  if (!isTouch) {
    await messageWith(person, 'See https').getByRole('button', { name: 'React' }).click();
    await dialog('Emoji').waitFor();
    await shot('emoji');
    await escape();
  }
  await (await point('See https')).getByRole('button', { name: 'More about this message' }).click();
  await dialog('Message').waitFor();
  await shot('message');
  await dialog('Message').getByRole('button', { name: '👍' }).click();
  await page.locator('.reaction').waitFor();
  await shot('reacted');
  await (await point('How is it going?')).getByRole('button', { name: 'Reply' }).click();
  await field.fill('Very well :+1');
  await shot('replying');
  await field.fill('Very well');
  await field.press('Enter');
  if (isTouch) await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.locator('input[type=file][aria-label="Add image"]').setInputFiles({ name: 'evening.png', mimeType: 'image/png', buffer: evening(640, 400) });
  await page.getByText('evening.png').waitFor();
  await shot('picture-attached');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.locator('.picture img').first().waitFor();
  await shot('picture-sent');

  // A group.
  await toList();
  await startGroup(person);
  const form = dialog('New group');
  await form.getByLabel('Title').fill('Analytical Engine');
  await form.getByLabel('Find people by name').fill('Dora');
  await form.getByRole('checkbox').last().check();
  await shot('new-group');
  await escape();
  const groupId = await carol.createGroup('Analytical Engine', { id: ada.id }, bob, dora);
  await say(carol, { conversationId: groupId }, 'Welcome, everybody!');
  await say(dora, { conversationId: groupId }, 'Thank you. I have read the whole note, twice, and I have questions about the seventh operation.');
  await say(bob, { conversationId: groupId }, '@Ada Lovelace what do you think?', { mentionIds: [ada.id] });
  await sidebarRow(person, 'Analytical Engine.*mentions you').waitFor();
  await shot('called');
  await open('Analytical Engine');
  await messageWith(person, 'what do you think').waitFor();
  await shot('group');
  await field.pressSequentially('Ask @car');
  await page.getByRole('option').first().waitFor();
  await shot('mention');
  await page.getByRole('option').first().click();
  await field.pressSequentially('!');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await messageWith(person, 'Ask').waitFor();
  await page.locator('.mention').last().waitFor();
  await menuOf();
  await page.getByRole('menuitem', { name: 'Only mentions' }).waitFor();
  await shot('group-menu');
  await page.getByRole('menuitem', { name: 'Only mentions' }).click();
  await menuOf('Add to favourites');
  await page.getByRole('button', { name: 'Group details' }).click();
  await dialog('Analytical Engine').getByText('4 members').waitFor();
  await shot('group-details');
  await escape();
  await carol.request('mutation ($id: ID!, $user: ID!) { setMemberRole(conversationId: $id, userId: $user, role: OWNER) { id } }', { id: groupId, user: ada.id });
  await page.locator('.system-line', { hasText: 'made you owner' }).waitFor();
  await page.getByRole('button', { name: 'Group details' }).click();
  await dialog('Analytical Engine').locator('input[type=file]').setInputFiles({ name: 'g.png', mimeType: 'image/png', buffer: png(200, 200, (x, y) => [90 + x / 2, 60, 200 - y / 2]) });
  await dialog('Analytical Engine').getByRole('button', { name: 'Remove picture' }).waitFor();
  await shot('group-owned');
  await dialog('Analytical Engine').getByRole('button', { name: /^Options for Bob/ }).click();
  await page.getByRole('menuitem', { name: 'Make owner' }).waitFor();
  await shot('member-menu');
  await page.getByRole('menuitem', { name: 'Make owner' }).click();
  await page.getByRole('alertdialog').waitFor();
  await shot('hand-over');
  await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
  await escape();
  await page.locator('.toast').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Search this conversation' }).click();
  const panel = page.getByRole('region', { name: 'Search this conversation' });
  await panel.getByRole('searchbox').fill('th');
  await panel.locator('.search-hit').first().waitFor();
  await shot('search');
  await panel.getByRole('button', { name: 'Close search' }).click();
  await carol.request('mutation ($id: ID!) { pin: pinMessage(messageId: $id) { id } }', { id: (await say(carol, { conversationId: groupId }, 'We meet on Tuesday at noon.')).id });
  await page.locator('.pinned-bar').waitFor();
  await shot('pinned');

  // Announcements, where one is a member only.
  const news = await dora.createGroup('News of the house', { id: ada.id });
  await say(dora, { conversationId: news }, 'The stairs are being painted.');
  await dora.request('mutation ($id: ID!) { updateConversation(id: $id, posting: ADMINS) { id } }', { id: news });
  await open('News of the house');
  await page.getByText('Only admins write here.').waitFor();
  await shot('announcements');
  await menuOf('Mute');
  await toList();
  await sidebarRow(person, 'News of the house').getByLabel('muted').waitFor();
  await shot('list');

  await chooseFromMenu(person, 'Mentions');
  await dialog('Mentions').getByRole('link').first().waitFor();
  await shot('mentions');
  await escape();
  for (const section of ['Profile', 'Appearance', 'Notifications', 'Blocked people', 'Where you are logged in', 'Password and account']) {
    await openSettings(person, section);
    await page.waitForLoadState('networkidle');
    await shot(`settings-${section.toLowerCase().replaceAll(' ', '-')}`);
    await escape();
  }

  // Somebody one does not want to hear of.
  await open('Analytical Engine');
  await page.getByRole('button', { name: 'Profile of Bob Byron' }).first().click();
  await dialog('Profile').waitFor();
  await shot('profile');
  await dialog('Profile').getByRole('button', { name: 'Report' }).click();
  await dialog('Report Bob Byron').getByRole('radio', { name: 'Spam' }).check();
  await shot('report');
  await escape();
  await page.getByRole('button', { name: 'Profile of Bob Byron' }).first().click();
  await dialog('Profile').getByRole('button', { name: 'Block' }).click();
  await page.getByRole('alertdialog').waitFor();
  await shot('block');
  await page.getByRole('alertdialog').getByRole('button', { name: 'Block' }).click();
  await page.getByRole('button', { name: 'Show' }).waitFor();
  await shot('hidden');
  await open('Bob Byron');
  await page.getByText('You have blocked Bob Byron.').first().waitFor();
  await shot('blocked');
  await toList();
  await openSettings(person, 'Blocked people');
  await dialog('Settings').getByRole('button', { name: 'Unblock' }).waitFor();
  await shot('settings-blocked');
  await escape();
  // Somebody who does not want to hear of her.
  await open('Analytical Engine');
  const { conversationId: dorasId } = await say(dora, { userId: ada.id }, 'Who is this?');
  await open('Dora');
  await messageWith(person, 'Who is this?').waitFor();
  await dora.request('mutation ($id: ID!) { blockUser(userId: $id) { id } }', { id: ada.id });
  await sendText(person, 'It is me');
  if (isTouch) await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByText('You cannot write to this person.').waitFor();
  await shot('refused');

  // A moderator.
  await server.run('user', 'grant', ada.email, 'moderator');
  const { id: rude } = await say(bob, { conversationId: groupId }, 'Buy my cards, they are the best cards in the whole world, and cheap, too!');
  await carol.request('mutation ($input: ReportInput!) { report(input: $input) }', { input: { target: { messageId: rude }, reason: 'SPAM', comment: 'He does so every day.' } });
  await carol.request('mutation ($input: ReportInput!) { report(input: $input) }', { input: { target: { userId: dora.id }, reason: 'IMPERSONATION' } });
  await requestInPage(person, 'mutation ($input: ReportInput!) { report(input: $input) }', { input: { target: { conversationId: dorasId }, reason: 'OTHER', comment: 'She does not answer.' } });
  await toList();
  await page.getByRole('button', { name: 'Your account' }).click();
  await page.getByRole('menuitem', { name: 'Reports to moderators' }).waitFor();
  await shot('account-menu');
  await page.getByRole('menuitem', { name: 'Reports to moderators' }).click();
  await dialog('Reports').getByRole('article').first().waitFor();
  await shot('reports');
  await dialog('Reports').getByRole('article').first().getByRole('button', { name: 'Dismiss' }).click();
  await dialog('Reports').getByText(/^Dismissed by/).first().waitFor();
  await shot('reports-dismissed');
  await escape();
  if (!isTouch) {
    await page.keyboard.press('Control+k');
    await dialog('Go to').getByRole('option').first().waitFor();
    await shot('switcher');
    await escape();
    await page.keyboard.press('Control+/');
    await dialog('Keyboard shortcuts').waitFor();
    await shot('shortcuts');
    await escape();
  }
  await person.context.setOffline(true);
  await page.getByText('You are offline.').waitFor();
  await shot('offline');
  await person.context.close();
  console.log(`${number} pictures in ${folder}`);
}
