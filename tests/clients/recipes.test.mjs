// The README's recipes, unchanged, on stock clients, against a server that is disconnected, killed and restarted.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { collector } from './collector.mjs';
import { signUp } from './people.mjs';
import { startProxiedServer } from './proxy.mjs';
import { recipe } from './recipes.mjs';

const EVENTS = `subscription ($after: String) {
  events(after: $after) { __typename cursor ... on MessageAdded { message { text } } }
}`;
const MESSAGES = `subscription ($after: String) {
  messageAdded(after: $after) { text feedCursor }
}`;

function ofApollo(client, gql) {
  return {
    query: async (query, variables) => (await client.query({ query: gql(query), variables })).data,
    mutate: async (mutation, variables) => (await client.mutate({ mutation: gql(mutation), variables })).data,
    subscribe(query, variables, next, fail) {
      const results = client.subscribe({ query: gql(query), variables }).subscribe({
        next: ({ data, error }) => (error ? fail(error) : next(data)),
        error: fail,
      });
      return () => results.unsubscribe();
    },
  };
}

function ofUrql(client) {
  const settle = async (source) => {
    const { data, error } = await source.toPromise();
    if (error) throw error;
    return data;
  };
  return {
    query: (document, variables) => settle(client.query(document, variables)),
    mutate: (document, variables) => settle(client.mutation(document, variables)),
    subscribe(document, variables, next, fail) {
      const results = client.subscription(document, variables);
      return results.subscribe(({ data, error }) => (error ? fail(error) : next(data))).unsubscribe;
    },
  };
}

// Adapts each recipe to one interface.
const clients = {
  'graphql-ws': async (url, token) => {
    const client = (await recipe('plain.js')).parlour(url, token);
    return {
      query: client.request,
      mutate: client.request,
      subscribe(document, variables, next, fail) {
        const results = client.subscribe(document, variables);
        (async () => {
          for await (const { data, errors } of results) errors ? fail(errors) : next(data);
        })().catch(fail);
        return () => results.return();
      },
    };
  },
  'Apollo Client': async (url, token) => {
    const { gql } = await import('@apollo/client');
    return ofApollo((await recipe('apollo.js')).apollo(url, token), gql);
  },
  urql: async (url, token) => ofUrql((await recipe('urql.js')).urql(url, token)),
};

/** The clients of before, which get their events by HTTP instead of a socket. */
const streams = {
  'Apollo Client with events by HTTP': async (url, token) => {
    const { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } = await import('@apollo/client');
    const { streamLink } = await recipe('apollo-sse.js');
    const { possibleTypes, typePolicies } = await recipe('apollo.js');
    const http = new HttpLink({ uri: url, headers: { authorization: `Bearer ${token()}` } });
    const isLive = ({ operationType }) => operationType === 'subscription';
    return ofApollo(new ApolloClient({
      link: ApolloLink.split(isLive, streamLink(url, token), http),
      cache: new InMemoryCache({ possibleTypes, typePolicies }),
    }), gql);
  },
  'urql with events by HTTP': async (url, token) => {
    const { Client, fetchExchange } = await import('urql');
    const { streamExchange } = await recipe('urql-sse.js');
    const fetchOptions = () => ({ headers: { authorization: `Bearer ${token()}` } });
    return ofUrql(new Client({ url, fetchOptions, exchanges: [fetchExchange, streamExchange(url, token)] }));
  },
};

for (const [name, connect] of Object.entries({ ...clients, ...streams })) {
  describe(name, { timeout: 120_000 }, () => {
    let server, proxy, ada, bob, client, close;
    before(async () => {
      ({ server, proxy, close } = await startProxiedServer());
      [ada, bob] = [await signUp(server, 'Ada'), await signUp(server, 'Bob')];
      client = await connect(proxy.url, bob.token);
    });
    after(() => close?.());

    test('queries and mutates', async () => {
      const { me } = await client.query('{ me { id fullName } }', {});
      assert.equal(me.fullName, 'Bob');

      const { sendMessage } = await client.mutate(
        'mutation ($to: ID!) { sendMessage(input: { to: { userId: $to }, text: "hello" }) { seq sender { id } } }',
        { to: ada.id },
      );
      assert.equal(sendMessage.seq, 1);
      assert.equal(sendMessage.sender.id, bob.id);
    });

    test('loses and duplicates nothing over disconnects, a crash and a restart', async (t) => {
      const { feedCursor } = await ada.request('{ feedCursor }');
      const events = collector();
      const messages = collector();
      const added = ({ events: event }) => {
        if (event.__typename === 'MessageAdded') events.add(event.message.text);
        else if (event.__typename !== 'CaughtUp') events.fail(new Error(`unexpected ${event.__typename}`));
      };
      const said = (data) => messages.add(data.messageAdded.text);
      t.after(client.subscribe(EVENTS, { after: feedCursor }, added, events.fail));
      t.after(client.subscribe(MESSAGES, { after: feedCursor }, said, messages.fail));

      const sent = [];
      const sendThree = async (when) => {
        for (const number of [1, 2, 3]) {
          sent.push(`${when} ${number}`);
          await ada.send(bob, sent.at(-1));
        }
      };
      const allReceived = async () => {
        await events.count(sent.length);
        await messages.count(sent.length);
      };

      await sendThree('live');
      await allReceived();

      proxy.goDown();
      await sendThree('while disconnected');
      proxy.goUp();
      await allReceived();

      proxy.goDown();
      await server.stop('SIGKILL');
      await server.start();
      await sendThree('after a crash');
      proxy.goUp();
      await allReceived();

      await server.stop('SIGTERM');
      await server.start();
      await sendThree('after a restart');
      await allReceived();

      // A duplicate would have arrived before the last message.
      assert.deepEqual(events.items, sent);
      assert.deepEqual(messages.items, sent);
    });
  });
}
