// Launches Chromium, collects the problems that a page reports, and waits for what a page resolves to.
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { chromium } from 'playwright-core';

const start = (more, options) => chromium.launch({
  ...options,
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  // CI runs as root, without access to the internet.
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-sync', ...more],
});

export const launch = (...more) => start(more);
/** Playwright hides scrollbars otherwise. */
export const launchWithScrollbars = () => start([], { ignoreDefaultArgs: ['--hide-scrollbars'] });

/** Collects console errors and warnings, script errors, failed requests, and violations of the content security policy. */
export async function collectProblems(page) {
  const problems = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText;
    // Navigating away aborts requests.
    if (reason !== 'net::ERR_ABORTED') problems.push(`${request.url()}: ${reason}`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      console.error(`CSP ${violatedDirective}: ${blockedURI}`));
  });
  return problems;
}

/** Waits until the promise of a function in a page resolves to something true. `waitForFunction` takes the promise itself for it. */
export async function waitUntilResolved(page, ask) {
  for (const end = Date.now() + 30_000; !await page.evaluate(ask);) {
    assert.ok(Date.now() < end, `this does not become true: ${ask}`);
    await setTimeout(50);
  }
}
