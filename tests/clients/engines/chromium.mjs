// Chromium, with what the other engines can do.
import { launch as launchBrowser } from '../browser.mjs';

export const path = process.env.CHROMIUM ?? '/usr/bin/chromium';

export async function launch() {
  const browser = await launchBrowser();
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 } });
  const page = await context.newPage();
  return {
    goto: (url) => page.goto(url),
    evaluate: (expression) => page.evaluate(`(${expression}) ?? null`),
    click: ({ x, y }) => page.mouse.click(x, y),
    hover: ({ x, y }) => page.mouse.move(x, y),
    press: async (...keys) => {
      for (const key of keys) {
        if (/^(Enter|Escape|ArrowUp|Backspace|Tab|Control\+.)$/.test(key)) await page.keyboard.press(key);
        else await page.keyboard.type(key);
      }
    },
    setFile: (selector, file) => page.setInputFiles(selector, file),
    close: () => browser.close(),
  };
}
