// People who use the pages, each in a browser context of their own.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { collectProblems } from '../browser.mjs';

const built = new URL('../../../web/dist/index.html', import.meta.url);
const screenshots = fileURLToPath(new URL('../screenshots/', import.meta.url));

/** Opens the pages in a new browser context. `url` is that of /graphql. */
export async function visit(browser, url, { width = 1200, height = 800, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: 'light', locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(8_000);
  const problems = await collectProblems(page);
  const origin = new URL(url).origin;
  const response = await page.goto(origin);
  assert.equal(await response.text(), readFileSync(built, 'utf8'), 'the binary embeds an older build of the pages: build it again');
  const person = {
    page,
    context,
    problems,
    origin,
    /** Another tab of the same browser. */
    async tab(path = '/') {
      const other = await context.newPage();
      other.setDefaultTimeout(8_000);
      const problems = await collectProblems(other);
      await other.goto(origin + path);
      return { ...person, page: other, problems };
    },
  };
  return person;
}

/** Signs up with the form. */
export async function signUpInBrowser(person, fullName) {
  const { page } = person;
  await page.getByRole('button', { name: 'New here?' }).click();
  await page.getByLabel('Your name').fill(fullName);
  const email = `${randomUUID()}@example.com`;
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill('correct horse battery');
  await page.getByRole('button', { name: 'Create an account', exact: true }).click();
  await page.getByRole('searchbox', { name: 'Find people' }).waitFor();
  const { me } = await requestInPage(person, '{ me { id } }');
  return Object.assign(person, { id: me.id, fullName, email });
}

/** Logs in with the form. */
export async function logIn(person, { email, password = 'correct horse battery' }) {
  const { page } = person;
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('searchbox', { name: 'Find people' }).waitFor();
  return person;
}

export const waitForSignInPage = ({ page }) => page.getByRole('heading', { name: 'Welcome to Parlour' }).waitFor();

/** The row of the sidebar whose text matches the pattern from its start. */
export const sidebarRow = ({ page }, name) => page.getByRole('navigation').getByRole('link', { name: new RegExp(`^${name}`) });

/** Chooses an item of the account menu. */
export async function chooseFromMenu({ page }, item) {
  await page.getByRole('button', { name: 'Your account' }).click();
  await page.getByRole('menuitem', { name: item, exact: true }).click();
}

/** Opens the form for a new group. */
export async function startGroup({ page }) {
  await page.getByRole('button', { name: 'New', exact: true }).click();
  await page.getByRole('menuitem', { name: 'New group' }).click();
}

/** Opens a section of the settings. */
export async function openSettings(person, section) {
  await chooseFromMenu(person, 'Settings');
  await person.page.getByRole('tab', { name: section }).click();
}

/** Opens the conversation with a person, whom it searches by name. */
export async function openConversation({ page }, fullName) {
  await page.getByRole('searchbox', { name: 'Find people' }).fill(fullName);
  await page.getByRole('navigation').getByRole('link', { name: fullName }).first().click();
  await page.getByRole('textbox', { name: 'Your message' }).waitFor();
}

export async function sendText({ page }, text) {
  const field = page.getByRole('textbox', { name: 'Your message' });
  await field.fill(text);
  await field.press('Enter');
}

/** The message that contains this text. */
export const messageWith = ({ page }, text) => page.getByRole('article').filter({ hasText: text });

/** The texts of all rendered messages, in order. */
export const messageTexts = ({ page }) => page.getByRole('article').locator('.words').allTextContents();

export async function screenshot({ page }, name) {
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: `${screenshots}${name}.png` });
}

/** Sends a GraphQL request from the page, with its cookie, and returns `data`. */
export const requestInPage = ({ page }, query, variables) => page.evaluate(async (body) => {
  const response = await fetch('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return (await response.json()).data;
}, JSON.stringify({ query, variables }));
