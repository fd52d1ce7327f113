// The forms with a password: they follow the server's settings, and mark what is wrong and nothing else.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signUp } from '../people.mjs';
import { assertAccessible } from './accessibility.mjs';
import { openSettings, screenshot, signUpInBrowser, visit, waitForSignInPage } from './people-in-browser.mjs';
import { startPages } from './setup.mjs';

/** The names of the fields that are marked as wrong. */
const wrongFields = ({ page }) => page.locator('input[aria-invalid="true"]').evaluateAll((fields) => fields.map(({ name }) => name));

test('a server without sign-up offers no form for it', { timeout: 60_000 }, async (t) => {
  const { server, browser, close } = await startPages({ settings: { SIGNUP: 'closed' } });
  t.after(close);
  const ada = await visit(browser, server.url);
  const settings = ada.page.waitForResponse((response) => response.request().postData()?.includes('Limits') ?? false);
  await ada.page.reload();
  await settings;
  await waitForSignInPage(ada);
  await ada.page.getByRole('button', { name: 'Log in' }).waitFor();
  // Wait for what an open server would show now.
  await ada.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  assert.equal(await ada.page.getByText('New here?').count(), 0);
  await screenshot(ada, 'pages-sign-up-closed');
});

describe('forms with a password', { timeout: 120_000 }, () => {
  let server, browser, close;
  before(async () => {
    ({ server, browser, close } = await startPages({ settings: { PASSWORD_MIN_LENGTH: '12' } }));
  });
  after(() => close?.());

  test('say how long a password must be, and mark the field that is wrong', async () => {
    const bob = await signUp(server, 'Bob Byron');
    const ada = await visit(browser, server.url);
    const { page } = ada;
    await page.getByRole('button', { name: 'New here?' }).click();
    await page.getByText('At least 12 characters.').waitFor();
    await page.getByLabel('Your name').fill('Ada Lovelace');
    await page.getByLabel('E-mail').fill(bob.email);
    await page.getByLabel('Password').fill('correct horse battery');
    const submit = page.getByRole('button', { name: 'Create an account', exact: true });
    await submit.click();
    await page.getByText('There is already an account with this e-mail.').waitFor();
    assert.deepEqual(await wrongFields(ada), ['email']);
    await assertAccessible(ada, 'a taken e-mail');
    await screenshot(ada, 'pages-sign-up-taken');

    await page.getByLabel('E-mail').fill('ada@example.com');
    await page.getByLabel('Password').fill('elevenchars');
    await submit.click();
    await page.getByRole('alert').getByText('12 to 128 characters').waitFor();
    assert.deepEqual(await wrongFields(ada), ['password']);

    // What is not about the input marks no field.
    await page.route('**/graphql', (route) => route.abort());
    await page.getByLabel('Password').fill('correct horse battery');
    await submit.click();
    await page.getByText('The server could not be reached.').waitFor();
    assert.deepEqual(await wrongFields(ada), []);
    await page.unroute('**/graphql');

    await page.getByRole('button', { name: 'Already have an account?' }).click();
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await page.getByText('Wrong e-mail or password.').waitFor();
    assert.deepEqual(await wrongFields(ada), ['email', 'password']);
  });

  test('say beside the field that the current password is wrong', async () => {
    const eve = await signUpInBrowser(await visit(browser, server.url), 'Eve Newton');
    const { page } = eve;
    await openSettings(eve, 'Password and account');
    await page.getByText('At least 12 characters.').waitFor();
    const [current, next] = [page.getByLabel('Current password'), page.getByLabel('New password')];
    await current.fill('not the right one');
    await next.fill('another horse battery');
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('This is not your current password.').waitFor();
    assert.deepEqual(await wrongFields(eve), ['now']);
    const [field, message] = [await current.boundingBox(), await page.getByText('This is not your current password.').boundingBox()];
    assert.ok(message.y >= field.y + field.height && message.y - field.y - field.height < 20, 'the message is below the field');
    assert.equal(await page.locator('.toast').count(), 0);
    await assertAccessible(eve, 'a wrong current password');
    await screenshot(eve, 'pages-password-wrong');

    await current.fill('correct horse battery');
    await next.fill('elevenchars');
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByRole('alert').getByText('12 to 128 characters').waitFor();
    assert.deepEqual(await wrongFields(eve), ['next']);
    await next.fill('another horse battery');
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('Your password has been changed.').first().waitFor();
    assert.deepEqual(await wrongFields(eve), []);

    await page.getByText('Delete account', { exact: true }).click();
    await page.getByLabel('Confirm with your password').fill('correct horse battery');
    await page.getByRole('button', { name: 'Delete my account' }).click();
    await page.getByText('This is not your current password.').waitFor();
    assert.deepEqual(await wrongFields(eve), ['password']);
  });
});
