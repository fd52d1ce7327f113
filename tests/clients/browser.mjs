// Launches Chromium, and collects the problems that a page reports.
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
