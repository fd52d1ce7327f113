// The shop's page: an account, orders, and a live chat about the order that is open.
import { gql } from '@apollo/client';
import { apollo } from './parlour/apollo.js';
import { followFeed, MESSAGE } from './parlour/apollo-feed.js';
import { uuid7 } from './parlour/uuid7.js';

const CHAT = gql`
  query Chat($order: ID!) {
    conversation(by: { externalId: $order }) {
      id
      messages(last: 50) {
        edges { cursor node { ...MessageFields } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
  }
  ${MESSAGE}
`;
const SEND = gql`mutation Send($input: SendMessageInput!) { sendMessage(input: $input) { id } }`;

const $ = (selector) => document.querySelector(selector);
const post = (path, body) => fetch(path, { method: 'POST', body: JSON.stringify(body) });
const onSubmit = (form, act) => $(form).addEventListener('submit', (event) => {
  event.preventDefault();
  act(event.target, event.submitter);
});

let client, watching;

/** A client that is signed in with the app's own token, which it fetches again before the old one ends. */
async function connect() {
  const fetchChat = async () => (await fetch('/chat')).json();
  let chat = await fetchChat();
  setInterval(async () => { chat = await fetchChat().catch(() => chat); }, 10 * 60_000);
  const connected = apollo(chat.url, () => chat.token);
  followFeed(connected);
  return connected;
}

async function showOrders() {
  const response = await fetch('/orders');
  // Nobody is logged in.
  if (response.status === 204) return;
  $('#account').hidden = true;
  $('main').hidden = false;
  client ??= await connect();
  $('nav').replaceChildren(...(await response.json()).map(({ id, item }) => {
    const button = document.createElement('button');
    button.textContent = item;
    button.addEventListener('click', () => openChat(id, item));
    return button;
  }));
}

function openChat(order, item) {
  const conversation = `order-${order}`;
  $('section').hidden = false;
  $('h2').textContent = item;
  watching?.unsubscribe();
  const chat = client.watchQuery({ query: CHAT, variables: { order: conversation } });
  watching = chat.subscribe(({ data }) => {
    const edges = data?.conversation?.messages.edges ?? [];
    // Lines that say what happened, as that the conversation was made, are nobody's words.
    const said = edges.filter(({ node }) => !node.system);
    $('ol').replaceChildren(...said.map(({ node }) => {
      const line = document.createElement('li');
      line.textContent = `${node.sender.fullName}: ${node.text ?? '(deleted)'}`;
      return line;
    }));
    // An order that was placed a moment ago: its conversation is on its way.
    if (data && !data.conversation) setTimeout(() => chat.refetch(), 500);
  });
  $('#write').onsubmit = async (event) => {
    event.preventDefault();
    const { text } = event.target.elements;
    const input = { id: uuid7(), to: { externalId: conversation }, text: text.value };
    await client.mutate({ mutation: SEND, variables: { input } });
    text.value = '';
  };
}

onSubmit('#account', async (form, { value }) => {
  const response = await post(`/${value}`, { name: form.elements.name.value, password: form.elements.password.value });
  form.querySelector('output').value = response.ok ? '' : await response.text();
  await showOrders();
});
onSubmit('#buy', async (form) => {
  await post('/orders', { item: form.elements.wish.value });
  form.reset();
  await showOrders();
});
await showOrders();
