// WebKitGTK, which is what is nearest to Safari on Linux, driven by WebDriver on a screen of its own.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../server.mjs';
import { hoverActions, keyActions, pointerActions } from './actions.mjs';

const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

/** Debian has the browser below the libraries of the machine's architecture. */
function miniBrowser() {
  for (const folder of existsSync('/usr/lib') ? readdirSync('/usr/lib') : []) {
    for (const api of ['webkit2gtk-4.1', 'webkitgtk-6.0', 'webkit2gtk-4.0']) {
      const file = `/usr/lib/${folder}/${api}/MiniBrowser`;
      if (existsSync(file)) return file;
    }
  }
  return undefined;
}

export const path = process.env.WEBKIT_DRIVER ?? '/usr/bin/WebKitWebDriver';

export async function launch() {
  const port = await freePort();
  // In a group of its own: the screen, the driver and the browser end together.
  const child = spawn('xvfb-run', ['-a', '-s', '-screen 0 1280x900x24', path, `--port=${port}`, '--host=127.0.0.1'], {
    stdio: 'ignore', detached: true,
    env: { ...process.env, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1', WEBKIT_DISABLE_DMABUF_RENDERER: '1', LIBGL_ALWAYS_SOFTWARE: '1', GDK_BACKEND: 'x11' },
  });
  const send = async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, ...(body && { body: JSON.stringify(body) }) });
    const { value } = await response.json();
    if (value?.error) throw new Error(`${value.error}: ${value.message}`);
    return value;
  };
  let base;
  const close = async () => {
    if (base) await send('DELETE', base).catch(() => {});
    const ended = new Promise((resolve) => { child.once('exit', resolve); });
    if (child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid, 'SIGTERM');
      await Promise.race([ended, sleep(3_000).then(() => process.kill(-child.pid, 'SIGKILL'))]);
    }
  };
  try {
    for (const end = Date.now() + 30_000; !await send('GET', '/status').then(({ ready }) => ready, () => false); await sleep(100)) {
      if (Date.now() > end) throw new Error('the driver of WebKitGTK does not listen');
    }
    const options = { binary: miniBrowser(), args: ['--automation'] };
    const { sessionId } = await send('POST', '/session', { capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': options } } });
    base = `/session/${sessionId}`;
    await send('POST', `${base}/window/rect`, { width: 1200, height: 850 });
  } catch (reason) {
    await close();
    throw reason;
  }
  return {
    goto: (url) => send('POST', `${base}/url`, { url }),
    evaluate: async (expression) =>
      JSON.parse(await send('POST', `${base}/execute/sync`, { script: `return JSON.stringify((${expression}) ?? null)`, args: [] })),
    click: ({ x, y }) => send('POST', `${base}/actions`, { actions: pointerActions(x, y) }),
    hover: ({ x, y }) => send('POST', `${base}/actions`, { actions: hoverActions(x, y) }),
    press: (...keys) => send('POST', `${base}/actions`, { actions: keyActions(keys) }),
    setFile: async (selector, file) => {
      const { [ELEMENT]: id } = await send('POST', `${base}/element`, { using: 'css selector', value: selector });
      await send('POST', `${base}/element/${id}/value`, { text: file });
    },
    close,
  };
}
