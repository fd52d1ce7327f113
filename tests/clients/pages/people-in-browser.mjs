// People who use the pages: a browser context each, with what their pages complain of.
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { complaintsOf } from '../browser.mjs';

const screenshots = fileURLToPath(new URL('../screenshots/', import.meta.url));

/** Opens the pages for a visitor. `url` is that of /graphql. */
export async function visit(browser, url, { width = 1200, height = 800, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: 'light', locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(8_000);
  const complaints = await complaintsOf(page);
  const origin = new URL(url).origin;
  await page.goto(origin);
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
