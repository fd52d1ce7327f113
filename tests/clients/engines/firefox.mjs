// Firefox, driven by WebDriver BiDi over its own socket: no driver beside it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import { freePort } from '../server.mjs';
import { hoverActions, keyActions, pointerActions } from './actions.mjs';

export const path = process.env.FIREFOX ?? '/usr/bin/firefox-esr';

export async function launch() {
  const port = await freePort();
  const profile = mkdtempSync(join(tmpdir(), 'parlour-firefox-'));
  writeFileSync(join(profile, 'user.js'), [
    // Nothing but the page: no start page, no questions, no requests of its own.
    ['browser.shell.checkDefaultBrowser', false], ['browser.startup.homepage', 'about:blank'], ['datareporting.policy.dataSubmissionEnabled', false],
    ['app.update.disabledForTesting', true], ['browser.safebrowsing.malware.enabled', false], ['browser.safebrowsing.phishing.enabled', false],
    ['network.captive-portal-service.enabled', false], ['network.connectivity-service.enabled', false], ['toolkit.telemetry.enabled', false],
    ['services.settings.server', ''], ['browser.aboutwelcome.enabled', false], ['signon.rememberSignons', false],
    // A mouse, although the machine may have none: fine, and able to hover.
    ['ui.primaryPointerCapabilities', 6], ['ui.allPointerCapabilities', 6],
  ].map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`).join('\n'));
  const child = spawn(path, ['--headless', '--no-remote', '--profile', profile, `--remote-debugging-port=${port}`, 'about:blank'], {
    env: { ...process.env, HOME: profile, MOZ_HEADLESS_WIDTH: '1200', MOZ_HEADLESS_HEIGHT: '800' }, stdio: 'ignore',
  });
  const close = async () => {
    const ended = new Promise((resolve) => { child.once('exit', resolve); });
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    return { ...await session(port), close };
  } catch (reason) {
    await close();
    throw reason;
  }
}

async function session(port) {
  const socket = await connect(`ws://127.0.0.1:${port}/session`);
  const pending = new Map();
  let lastId = 0;
  socket.on('message', (data) => {
    const { id, type, result, error, message } = JSON.parse(data);
    const waiting = pending.get(id);
    pending.delete(id);
    if (type === 'error') waiting?.reject(new Error(`${error}: ${message}`));
    else waiting?.resolve(result);
  });
  const send = (method, params) => new Promise((resolve, reject) => {
    pending.set(lastId += 1, { resolve, reject });
    socket.send(JSON.stringify({ id: lastId, method, params }));
  });
  await send('session.new', { capabilities: {} });
  const { contexts: [{ context }] } = await send('browsingContext.getTree', {});
  await send('browsingContext.setViewport', { context, viewport: { width: 1200, height: 800 } });
  const call = async (expression) => {
    const answer = await send('script.evaluate', { expression, target: { context }, awaitPromise: true, userActivation: true });
    if (answer.type === 'exception') throw new Error(answer.exceptionDetails.text);
    return answer.result;
  };
  return {
    goto: (url) => send('browsingContext.navigate', { context, url, wait: 'interactive' }),
    evaluate: async (expression) => JSON.parse((await call(`JSON.stringify((${expression}) ?? null)`)).value),
    click: ({ x, y }) => send('input.performActions', { context, actions: pointerActions(x, y) }),
    hover: ({ x, y }) => send('input.performActions', { context, actions: hoverActions(x, y) }),
    press: (...keys) => send('input.performActions', { context, actions: keyActions(keys) }),
    setFile: async (selector, file) => {
      const { sharedId } = await call(`document.querySelector(${JSON.stringify(selector)})`);
      await send('input.setFiles', { context, element: { sharedId }, files: [file] });
    },
  };
}

async function connect(url) {
  for (const end = Date.now() + 30_000; ; await sleep(100)) {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const isOpen = await new Promise((resolve) => {
      socket.once('open', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (isOpen) return socket;
    if (Date.now() > end) throw new Error('Firefox does not listen');
  }
}
