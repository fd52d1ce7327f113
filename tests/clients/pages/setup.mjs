// What most tests of the pages start with: a server, a browser, and two people in it.
import { launch } from '../browser.mjs';
import { startProxy } from '../proxy.mjs';
import { startServer } from '../server.mjs';
import { messageWith, openConversation, sendText, signUpInBrowser, visit } from './people-in-browser.mjs';

/** Starts a server and a browser. With `proxied`, also a proxy in front of the server. `close` stops all of them. */
export async function startPages({ settings = {}, browserArguments = [], proxied = false } = {}) {
  const server = await startServer(settings);
  let proxy, browser;
  const close = async () => {
    await browser?.close();
    proxy?.close();
    await server.dispose();
  };
  try {
    if (proxied) proxy = await startProxy(server);
    browser = await launch(...browserArguments);
    return { server, proxy, browser, close };
  } catch (reason) {
    await close();
    throw reason;
  }
}

/** Like `startPages`, with Ada and Bob signed up, each in a browser context. Only Ada's connection goes through a proxy. */
export async function startTwoPeople({ bobOptions, ...options } = {}) {
  const pages = await startPages(options);
  try {
    const { server, proxy, browser } = pages;
    const ada = await signUpInBrowser(await visit(browser, (proxy ?? server).url), 'Ada Lovelace');
    const bob = await signUpInBrowser(await visit(browser, server.url, bobOptions), 'Bob Byron');
    return { ...pages, ada, bob };
  } catch (reason) {
    await pages.close();
    throw reason;
  }
}

/** Like `startTwoPeople`, with a proxy. Both have their conversation open, in which Ada has sent a message. */
export async function startProxiedConversation(firstMessage) {
  const setup = await startTwoPeople({ proxied: true });
  const { ada, bob } = setup;
  try {
    await openConversation(ada, 'Bob Byron');
    await sendText(ada, firstMessage);
    await messageWith(ada, firstMessage).waitFor();
    await openConversation(bob, 'Ada Lovelace');
    await messageWith(bob, firstMessage).waitFor();
    return setup;
  } catch (reason) {
    await setup.close();
    throw reason;
  }
}
