// What everybody does with a chat, in three engines: sign up, find, write, reply, edit, react, mention, send a picture, lose the
// connection and come back, see the server restart, log out everywhere.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as chromium from '../engines/chromium.mjs';
import * as firefox from '../engines/firefox.mjs';
import { userOf } from '../engines/user.mjs';
import * as webkit from '../engines/webkit.mjs';
import { signUp } from '../people.mjs';
import { evening } from '../png.mjs';
import { startProxiedServer } from '../proxy.mjs';

const FIELD = '.composer textarea';

for (const [name, engine] of Object.entries({ Chromium: chromium, Firefox: firefox, WebKitGTK: webkit })) {
  test(`the core journey, in ${name}`, { timeout: 120_000 }, async (t) => {
    assert.ok(existsSync(engine.path), `${name} is missing: scripts/test installs it (${engine.path})`);
    const { server, proxy, close } = await startProxiedServer();
    t.after(close);
    const bob = await signUp(server, 'Bob Byron');
    const browser = await engine.launch();
    t.after(browser.close);
    const folder = mkdtempSync(join(tmpdir(), 'parlour-engines-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const picture = join(folder, 'evening.png');
    writeFileSync(picture, evening(300, 200));
    const ada = userOf(browser);
    const write = async (text) => {
      await ada.fill(FIELD, undefined, text);
      await ada.press('Enter');
    };
    const bobsMessages = async () => {
      const { conversations } = await bob.request('{ conversations(first: 5) { nodes { messages { nodes { text replyTo { text } image { width } editedAt } } } } }');
      return conversations.nodes[0]?.messages.nodes ?? [];
    };

    // Signs up, and finds Bob.
    await ada.goto(new URL(proxy.url).origin);
    await ada.click('button', 'New here');
    await ada.fill('input[name=fullName]', undefined, 'Ada Lovelace');
    await ada.fill('input[name=email]', undefined, `ada-${name.toLowerCase()}@example.com`);
    await ada.fill('input[name=password]', undefined, 'correct horse battery');
    await ada.press('Enter');
    await ada.fill('input[type=search]', undefined, 'Bob');
    await ada.click('nav a', 'Bob Byron');

    // Writes without clicking anything first: the field has the focus, and keeps it.
    await ada.until(`document.activeElement.matches('${FIELD}')`);
    await ada.press('Hello from *Ada* :wave:');
    await ada.until(`document.activeElement.value.endsWith('👋')`);
    await ada.press('Enter');
    await ada.message('Hello from Ada 👋');
    assert.equal(await ada.evaluate(`document.querySelector('article strong')?.textContent`), 'Ada');
    assert.ok(await ada.evaluate(`document.activeElement.matches('${FIELD}')`));

    // Receives, replies, and edits.
    const { users: { nodes: [user] } } = await bob.request('{ users(search: "Ada") { nodes { id } } }');
    await bob.send(user, 'Good morning, Ada');
    await ada.message('Good morning, Ada');
    await ada.act('Good morning, Ada', 'Reply');
    await ada.until(`document.activeElement.matches('${FIELD}')`);
    await ada.press('It is a reply', 'Enter');
    await ada.message('Good morning, Ada.*It is a reply');
    await ada.press('ArrowUp', ', changed', 'Enter');
    await ada.message('a reply, changed');
    assert.deepEqual((await bobsMessages()).map(({ text, replyTo }) => [text, replyTo?.text ?? null]), [
      ['Hello from *Ada* 👋', null], ['Good morning, Ada', null], ['It is a reply, changed', 'Good morning, Ada'],
    ]);

    // Reacts, and calls Bob by his name.
    await ada.act('Good morning, Ada', 'React');
    await ada.click('.emoji-grid button', '\\+1|👍');
    await ada.until(`document.querySelector('.reaction[aria-pressed=true]') !== null`);
    await ada.click(FIELD);
    await ada.press('Look, @Bo');
    await ada.find('[role=option]', 'Bob Byron');
    await ada.press('Enter', 'here', 'Enter');
    await ada.message('Look, @Bob Byron here');
    const { conversations: { nodes: [{ messages: { nodes: known } }] } } = await bob.request(
      '{ conversations(first: 5) { nodes { messages { nodes { text reactions { emoji count } mentions { fullName } } } } } }',
    );
    assert.deepEqual(known.find(({ text }) => text === 'Good morning, Ada').reactions, [{ emoji: '👍', count: 1 }]);
    assert.deepEqual(known.at(-1).mentions, [{ fullName: 'Bob Byron' }]);

    // A picture.
    await ada.setFile('.composer input[type=file]', picture);
    await ada.find('.attached');
    await write('The sky');
    await ada.message('The sky');
    await ada.until(`document.querySelector('button.picture img')?.naturalWidth > 0`);
    assert.equal((await bobsMessages()).at(-1).image?.width, 300);

    // Offline and back: what was written meanwhile is sent, and what was missed is there.
    proxy.goDown();
    await ada.until(`document.querySelector('.connection-status p') !== null`);
    await write('Written while offline');
    await bob.send(user, 'Missed while offline');
    proxy.goUp();
    await ada.message('Missed while offline');
    await ada.message('Written while offline');

    // A restart of the server.
    await server.stop('SIGKILL');
    await write('Written while it was down');
    await server.start();
    await ada.message('Written while it was down');
    await bob.send(user, 'After the restart');
    await ada.message('After the restart');
    assert.deepEqual((await bobsMessages()).map(({ text }) => text).toSorted().slice(-2), ['Written while it was down', 'Written while offline'].toSorted());

    // Logs out everywhere.
    await ada.click('button[aria-haspopup=menu]', 'Your account');
    await ada.click('[role=menuitem]', 'Log out everywhere');
    await ada.click('[role=alertdialog] button', '^ *Log out everywhere');
    await ada.until(`document.body.innerText.includes('You have logged out on all your devices')`);
    await ada.find('input[name=email]');
  });
}
