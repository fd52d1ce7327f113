// Every client of docs/clients.md, cut a hundred times: nothing is lost, and nothing comes twice or out of order after
// dropping by cursor. Half of the lines die without being closed: they freeze, or lose what the server sends. Clients that do
// not notice it by themselves are reset then.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { signUp } from './people.mjs';
import { startProxiedServer } from './proxy.mjs';
import { clients, cutOften } from './resume.mjs';

const CUTS = Number(process.env.CUTS ?? 100);

describe('clients that are cut', { concurrency: true, timeout: 600_000 }, () => {
  for (const name of Object.keys(clients)) {
    test(name, async (t) => {
      const { server, proxy, close } = await startProxiedServer();
      t.after(close);
      const [ada, bob] = [await signUp(server, 'Ada'), await signUp(server, 'Bob')];
      const row = await cutOften(name, { proxy, ada, bob, cuts: CUTS });
      t.diagnostic(`${name}: ${JSON.stringify(row)}`);
      assert.deepEqual(
        { lost: row.lost, repeated: row.repeated, 'out of order': row['out of order'] },
        { lost: 0, repeated: 0, 'out of order': 0 },
      );
    });
  }
});
