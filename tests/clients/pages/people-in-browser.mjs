// People who use the pages: a browser context each, with what their pages complain of.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { complaintsOf } from '../browser.mjs';

const built = new URL('../../../web/dist/index.html', import.meta.url);
const screenshots = fileURLToPath(new URL('../screenshots/', import.meta.url));

/** Opens the pages for a visitor. `url` is that of /graphql. */
export async function visit(browser, url, { width = 1200, height = 800, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: 'light', locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(8_000);
  const complaints = await complaintsOf(page);
  const origin = new URL(url).origin;
  const answer = await page.goto(origin);
  assert.equal(await answer.text(), readFileSync(built, 'utf8'), 'the program has older pages inside: build it again');
  const person = {
    page,
    context,
    complaints,
    origin,
    /** Another tab of the same browser. */
    async tab(path = '/') {
      const other = await context.newPage();
      other.setDefaultTimeout(8_000);
      const heard = await complaintsOf(other);
      await other.goto(origin + path);
      return { ...person, page: other, complaints: heard };
    },
  };
  return person;
}

/** Signs somebody up by the form. */
export async function join(person, fullName) {
  const { page } = person;
  await page.getByRole('button', { name: 'New here?' }).click();
  await page.getByLabel('Your name').fill(fullName);
  const email = `${randomUUID()}@example.com`;
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill('correct horse battery');
  await page.getByRole('button', { name: 'Create an account', exact: true }).click();
  await page.getByRole('searchbox', { name: 'Find people' }).waitFor();
  return Object.assign(person, { fullName, email });
}

/** Signs somebody in by the form, who has an account. */
export async function logIn(person, { email, password = 'correct horse battery' }) {
  const { page } = person;
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('searchbox', { name: 'Find people' }).waitFor();
  return person;
}

/** The page where one signs in. */
export const signedOut = ({ page }) => page.getByRole('heading', { name: 'Welcome to Parlour' }).waitFor();

/** A row of the list, by how what is written in it begins. */
export const row = ({ page }, name) => page.getByRole('navigation').getByRole('link', { name: new RegExp(`^${name}`) });

/** Chooses from the menu of one's account. */
export async function menu({ page }, item) {
  await page.getByRole('button', { name: 'Your account' }).click();
  await page.getByRole('menuitem', { name: item, exact: true }).click();
}

/** Opens the conversation with somebody, found by name. */
export async function open({ page }, fullName) {
  await page.getByRole('searchbox', { name: 'Find people' }).fill(fullName);
  await page.getByRole('navigation').getByRole('link', { name: fullName }).first().click();
  await page.getByRole('textbox', { name: 'Your message' }).waitFor();
}

export async function write({ page }, text) {
  const field = page.getByRole('textbox', { name: 'Your message' });
  await field.fill(text);
  await field.press('Enter');
}

/** The message with this text, as an element. */
export const said = ({ page }, text) => page.getByRole('article').filter({ hasText: text });

/** All texts in view, in their order. */
export const texts = ({ page }) => page.getByRole('article').locator('.words').allTextContents();

export async function shot({ page }, name) {
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: `${screenshots}${name}.png` });
}
