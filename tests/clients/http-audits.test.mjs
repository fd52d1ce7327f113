// The audits of the GraphQL over HTTP working group: every MUST, SHOULD and MAY.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { serverAudits } from 'graphql-http';
import { startServer } from './server.mjs';

describe('GraphQL over HTTP', { timeout: 60_000 }, () => {
  let server;
  before(async () => { server = await startServer(); });
  after(() => server?.dispose());

  const audits = serverAudits({ url: () => server.url });
  test('there are 61 audits', () => assert.equal(audits.length, 61));

  for (const audit of audits) {
    test(`${audit.id} ${audit.name}`, async () => {
      const result = await audit.fn();
      assert.equal(result.status, 'ok', `${result.reason}: ${await explain(result.response)}`);
    });
  }
});

async function explain(response) {
  if (!response) return 'no response';
  // The audit may have consumed the body already.
  return `${response.status} ${await response.text().catch(() => '')}`;
}
