// Two people who talk, and between one of them and the server a line that can be cut.
import { launch } from '../browser.mjs';
import { startProxy } from '../proxy.mjs';
import { startServer } from '../server.mjs';
import { join, open, said, visit, write } from './people-in-browser.mjs';

/** Ada, whose line goes through the proxy, and Bob, each with the other in view; what Ada has said is there already. */
export async function onABadLine(first) {
  const server = await startServer();
  let proxy, browser;
  const end = async () => {
    await browser?.close();
    proxy?.close();
    await server.dispose();
  };
  try {
    proxy = await startProxy(server);
    browser = await launch();
    const ada = await join(await visit(browser, proxy.url), 'Ada Lovelace');
    const bob = await join(await visit(browser, server.url), 'Bob Byron');
    await open(ada, 'Bob Byron');
    await write(ada, first);
    await said(ada, first).waitFor();
    await open(bob, 'Ada Lovelace');
    await said(bob, first).waitFor();
    return { server, proxy, browser, ada, bob, end };
  } catch (reason) {
    await end();
    throw reason;
  }
}
