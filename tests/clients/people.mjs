// Users of the tests, who use the API directly with a bearer token.
import { randomUUID } from 'node:crypto';

export async function signUp(server, fullName) {
  const input = { fullName, email: `${randomUUID()}@example.com`, password: 'correct horse battery' };
  const { signup } = await post(
    server.url,
    'mutation ($input: SignupInput!) { signup(input: $input) { token user { id fullName } } }',
    { input },
  );
  const token = signup.token;
  const request = (query, variables) => post(server.url, query, variables, token);
  return {
    ...signup.user,
    email: input.email,
    password: input.password,
    token: () => token,
    request,
    /** Logs in once more, and returns the token of the new session. */
    async logInAgain() {
      const { email, password } = input;
      const query = 'mutation ($input: LoginInput!) { login(input: $input) { token } }';
      return (await post(server.url, query, { input: { email, password } })).login.token;
    },
    /** Resolves when the message is committed. */
    async send(to, text) {
      const { sendMessage } = await request(
        `mutation ($to: ID!, $text: String!) {
          sendMessage(input: { to: { userId: $to }, text: $text }) { id seq conversationId }
        }`,
        { to: to.id, text },
      );
      return sendMessage;
    },
    /** Creates a group with these people, and returns its id. */
    async createGroup(title, ...members) {
      const { createConversation } = await request(
        'mutation ($title: String!, $ids: [ID!]!) { createConversation(input: { title: $title, memberIds: $ids }) { id } }',
        { title, ids: members.map(({ id }) => id) },
      );
      return createConversation.id;
    },
  };
}

async function post(url, query, variables, token) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}
