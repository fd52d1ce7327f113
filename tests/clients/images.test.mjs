// Images sent by stock clients, with the README's recipes unchanged.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signUp } from './people.mjs';
import { png } from './png.mjs';
import { recipe } from './recipes.mjs';
import { startServer } from './server.mjs';

const SEND = `mutation ($to: ID!, $file: Upload) {
  sendMessage(input: { to: { userId: $to }, image: { file: $file } }) { id image { url width height } }
}`;
const SET = `mutation ($file: Upload) {
  updateProfile(input: { profilePic: { file: $file } }) { id profilePic { width } }
}`;

// Adapts each recipe to one interface.
const clients = {
  'apollo-upload-client': async (url, token) => {
    const { gql } = await import('@apollo/client');
    const client = (await recipe('apollo-upload.js')).apolloUpload(url, token);
    return async (mutation, variables) => (await client.mutate({ mutation: gql(mutation), variables })).data;
  },
  urql: async (url, token) => {
    const client = (await recipe('urql-upload.js')).urqlUpload(url, token);
    return async (document, variables) => {
      const { data, error } = await client.mutation(document, variables).toPromise();
      if (error) throw error;
      return data;
    };
  },
};

describe('images', { timeout: 120_000 }, () => {
  let server, ada, bob;
  before(async () => {
    server = await startServer();
    [ada, bob] = [await signUp(server, 'Ada'), await signUp(server, 'Bob')];
  });
  after(() => server?.dispose());

  const contentTypeOf = async (url) => {
    const response = await fetch(url.replace('localhost', '127.0.0.1'));
    assert.equal(response.status, 200);
    return response.headers.get('content-type');
  };

  for (const [name, connect] of Object.entries(clients)) {
    test(`${name} sends a file with a message and as a profile picture`, async () => {
      const mutate = await connect(server.url, ada.token);
      const file = () => new File([png(40, 30)], 'grey.png', { type: 'image/png' });

      const { sendMessage } = await mutate(SEND, { to: bob.id, file: file() });
      assert.deepEqual([sendMessage.image.width, sendMessage.image.height], [40, 30]);
      assert.equal(await contentTypeOf(sendMessage.image.url), 'image/png');

      const { updateProfile } = await mutate(SET, { file: file() });
      assert.equal(updateProfile.profilePic.width, 40);
      await assert.rejects(mutate(SEND, { to: bob.id, file: new File(['no image'], 'x.png') }), (error) => {
        const errors = error.errors ?? error.graphQLErrors;
        return errors[0].extensions.code === 'UNSUPPORTED_IMAGE';
      });
    });
  }

  test('the direct upload recipe uploads the bytes before the message', async () => {
    const { parlour } = await recipe('plain.js');
    const { directUpload } = await recipe('direct-upload.js');
    const { request } = parlour(server.url, ada.token);
    const local = (url) => url.replace('localhost', '127.0.0.1');
    const { fetch } = globalThis;
    // `localhost` may resolve to IPv6, on which the server does not listen.
    globalThis.fetch = (url, options) => fetch(local(url), options);
    try {
      const uploadId = await directUpload(request, new Blob([png(50, 20)], { type: 'image/png' }));
      const { sendMessage } = await request(
        `mutation ($to: ID!, $uploadId: ID) {
          sendMessage(input: { to: { userId: $to }, image: { uploadId: $uploadId } }) { image { url width } }
        }`,
        { to: bob.id, uploadId },
      );
      assert.equal(sendMessage.image.width, 50);
      await contentTypeOf(sendMessage.image.url);
    } finally {
      globalThis.fetch = fetch;
    }
  });
});
