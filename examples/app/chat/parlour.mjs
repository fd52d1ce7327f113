// What the shop's backend asks of Parlour, with its key.
import { createHmac } from 'node:crypto';

/** The shop itself as a person of the chat. */
export const SHOP = 'shop';
/** The id of an order's conversation. */
export const conversationOf = (order) => `order-${order}`;

const MINUTE = 60;

/** `secret` is AUTH_JWT_SECRET of the server, `issuer` AUTH_JWT_ISSUER, `audience` AUTH_JWT_AUDIENCE. */
export function openParlour({ url, key, secret, issuer, audience }) {
  async function request(query, variables, actAs) {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...(actAs && { 'parlour-act-as': `external:${actAs}` }) },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = await response.json();
    if (errors) throw Object.assign(new Error(errors[0].message), errors[0].extensions);
    return data;
  }
  const upsert = async (externalId, fullName) => {
    const document = 'mutation ($users: [UpsertUserInput!]!) { upsertUsers(users: $users) { id } }';
    return (await request(document, { users: [{ externalId, fullName }] })).upsertUsers[0].id;
  };
  const idOf = async (externalId) => (await request('query ($of: ID!) { userByExternalId(externalId: $of) { id } }', { of: externalId }))
    .userByExternalId.id;
  const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

  return {
    /** A token with which a customer signs in to the chat: short-lived, as the front end fetches a fresh one each time. */
    tokenFor({ id, name }) {
      const now = Math.floor(Date.now() / 1_000);
      const claims = { iss: issuer, aud: audience, sub: id, name, iat: now, exp: now + 15 * MINUTE };
      const signed = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url(claims)}`;
      return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
    },
    /** Does a task of the outbox. Each can be done again, and makes nothing twice. */
    perform: {
      customer: ({ id, name }) => upsert(id, name),
      async order({ order, customer, item }) {
        const [ownerId, member] = [await upsert(SHOP, 'The shop'), await idOf(customer)];
        const input = { externalId: conversationOf(order), ownerId, title: `Order ${order}: ${item}`, memberIds: [member] };
        await request('mutation ($input: CreateConversationInput!) { createConversation(input: $input) { id } }', { input });
      },
      async say({ order, id, text }) {
        const input = { id, to: { externalId: conversationOf(order) }, text };
        await request('mutation ($input: SendMessageInput!) { sendMessage(input: $input) { id } }', { input }, SHOP);
      },
    },
  };
}
