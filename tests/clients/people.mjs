// The people of the tests, who talk to the server directly and by bearer.
import { randomUUID } from 'node:crypto';

/** Signs someone up. */
export async function signUp(server, fullName) {
  const input = { fullName, email: `${randomUUID()}@example.com`, password: 'correct horse battery' };
  const { signup } = await request(
    server.url,
    'mutation ($input: SignupInput!) { signup(input: $input) { token user { id fullName } } }',
    { input },
  );
  const token = signup.token;
  const ask = (query, variables) => request(server.url, query, variables, token);
  return {
    ...signup.user,
    email: input.email,
    password: input.password,
    token: () => token,
    ask,
    /** Signs in on another device; its token. */
    async anotherToken() {
      const { email, password } = input;
      const query = 'mutation ($input: LoginInput!) { login(input: $input) { token } }';
      return (await request(server.url, query, { input: { email, password } })).login.token;
    },
    /** Sends, and answers when the message is committed. */
    async send(to, text) {
      const { sendMessage } = await ask(
        `mutation ($to: ID!, $text: String!) {
          sendMessage(input: { to: { userId: $to }, text: $text }) { id seq conversationId }
        }`,
        { to: to.id, text },
      );
      return sendMessage;
    },
  };
}

async function request(url, query, variables, token) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}
