// The automatic persisted queries of stock clients: a document travels once, and its hash from then on.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { persistedExchange } from '@urql/exchange-persisted';
import { Client, fetchExchange, subscriptionExchange } from 'urql';
import { signUp } from './people.mjs';
import { recipe } from './recipes.mjs';
import { startServer } from './server.mjs';

const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const EVENTS = 'subscription Events { events { __typename cursor ... on MessageAdded { message { text } } } }';

describe('persisted queries', { timeout: 60_000 }, () => {
  let server, ada, bob, socket;
  before(async () => {
    server = await startServer();
    [ada, bob] = [await signUp(server, 'Ada'), await signUp(server, 'Bob')];
  });
  afterEach(() => { socket?.dispose(); socket = undefined; });
  after(() => server?.dispose());

  const headers = () => ({ authorization: `Bearer ${ada.token()}` });
  /** A fetch that notes each request: its method, and whether the document was in it. */
  const noting = (requests) => (url, options) => {
    const parameters = options.body ? JSON.parse(options.body) : Object.fromEntries(new URL(url).searchParams);
    requests.push(`${options.method ?? 'GET'} ${parameters.query ? 'document' : 'hash'}`);
    return fetch(url, options);
  };
  const openSocket = async () => {
    socket = (await recipe('parlour-socket.js')).parlourSocket(server.url, { token: ada.token });
    return socket;
  };

  for (const useGETForHashedQueries of [false, true]) {
    test(`Apollo's link, by ${useGETForHashedQueries ? 'GET' : 'POST'}`, async () => {
      const requests = [];
      const http = new HttpLink({ uri: server.url, headers: headers(), fetch: noting(requests) });
      const link = new PersistedQueryLink({ sha256, useGETForHashedQueries }).concat(http);
      const client = new ApolloClient({ link, cache: new InMemoryCache() });
      const query = gql(`query Apollo${useGETForHashedQueries} { me { id fullName } }`);

      for (let times = 0; times < 2; times++) {
        const { data } = await client.query({ query, fetchPolicy: 'network-only' });
        assert.equal(data.me.fullName, 'Ada');
      }
      const mutation = gql(`mutation Apollo${useGETForHashedQueries}($name: String!) {
        updateProfile(input: { fullName: $name }) { id fullName }
      }`);
      for (let times = 0; times < 2; times++) {
        const { data } = await client.mutate({ mutation, variables: { name: 'Ada' } });
        assert.equal(data.updateProfile.fullName, 'Ada');
      }

      const hash = useGETForHashedQueries ? 'GET hash' : 'POST hash';
      const once = ['POST hash', 'POST document', 'POST hash'];
      assert.deepEqual(requests, [hash, 'POST document', hash, ...once]);
    });
  }

  test("Apollo's link over a socket", async () => {
    const link = ApolloLink.from([new PersistedQueryLink({ sha256 }), new GraphQLWsLink(await openSocket())]);
    const client = new ApolloClient({ link, cache: new InMemoryCache() });

    const { data } = await client.query({ query: gql('query Socket { me { id fullName } }') });
    assert.equal(data.me.fullName, 'Ada');
    await receives((next, fail) => {
      const results = client.subscribe({ query: gql(EVENTS) });
      return results.subscribe({ next: ({ data, error }) => (error ? fail(error) : next(data)), error: fail });
    });
  });

  test("urql's exchange, over HTTP and a socket", async () => {
    const requests = [];
    const live = await openSocket();
    const sent = [];
    const client = new Client({
      url: server.url,
      fetch: noting(requests),
      fetchOptions: () => ({ headers: headers() }),
      preferGetMethod: false,
      exchanges: [
        persistedExchange({ enableForMutation: true, enableForSubscriptions: true }),
        fetchExchange,
        // As urql's documentation has it.
        subscriptionExchange({
          forwardSubscription: (request) => {
            const input = { ...request, query: request.query || '' };
            sent.push(input.query ? 'document' : 'hash');
            return { subscribe: (sink) => ({ unsubscribe: live.subscribe(input, sink) }) };
          },
        }),
      ],
    });

    for (let times = 0; times < 2; times++) {
      const { data, error } = await client.query('query Urql { me { id fullName } }', {}).toPromise();
      assert.equal(error, undefined);
      assert.equal(data.me.fullName, 'Ada');
    }
    // A document that fits into an address goes by GET too.
    assert.deepEqual(requests, ['GET hash', 'GET document', 'GET hash']);
    requests.length = 0;
    for (let times = 0; times < 2; times++) {
      const rename = 'mutation Urql($name: String!) { updateProfile(input: { fullName: $name }) { id fullName } }';
      const { data, error } = await client.mutation(rename, { name: 'Ada' }).toPromise();
      assert.equal(error, undefined);
      assert.equal(data.updateProfile.fullName, 'Ada');
    }
    assert.deepEqual(requests, ['POST hash', 'POST document', 'POST hash']);

    await receives((next, fail) =>
      client.subscription(EVENTS.replace('Events', 'Urql'), {}).subscribe(({ data, error }) => (error ? fail(error) : next(data))));
    assert.deepEqual(sent, ['hash', 'document']);
  });

  /** Subscribes to the events, and waits for a message that Bob sends when the subscription has begun. */
  const receives = (subscribe) => new Promise((resolve, reject) => {
    const text = `hello ${Math.random()}`;
    const results = subscribe(({ events }) => {
      if (events.__typename === 'CaughtUp') bob.send(ada, text).catch(reject);
      if (events.message?.text !== text) return;
      results.unsubscribe();
      resolve();
    }, reject);
  });
});
