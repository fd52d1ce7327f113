// A typed client as an application would write it. The test compiles it with strict types, and runs it.
import { graphql } from './gql/index.js';
import type { EventsSubscription, HistoryQuery, TypedDocumentString } from './gql/graphql.js';
import { parlourSocket } from './parlour-socket.js';

const SignUp = graphql(`
  mutation SignUp($input: SignupInput!) {
    signup(input: $input) { token user { id fullName } }
  }
`);

const Send = graphql(`
  mutation Send($input: SendMessageInput!) {
    sendMessage(input: $input) { id seq conversationId }
  }
`);

const History = graphql(`
  query History($with: ID!) {
    messages(conversation: { userId: $with }, last: 20) {
      nodes { seq text sender { fullName } editedAt metadata }
      pageInfo { hasPreviousPage startCursor }
    }
  }
`);

const Events = graphql(`
  subscription Events {
    events {
      __typename
      cursor
      ... on MessageAdded { message { seq text sender { fullName } } }
      ... on MessageChanged { message { seq version deletedAt } }
      ... on ReadMarkMoved { lastReadSeq user { fullName } }
      ... on ConversationChanged { change conversationId }
      ... on UserChanged { user { fullName deletedAt } }
      ... on FeedReset { reason }
    }
  }
`);

/** The text to show for an event, or null. */
function describe(event: EventsSubscription['events']): string | null {
  switch (event.__typename) {
    case 'MessageAdded':
      return `${event.message.sender.fullName}: ${event.message.text ?? ''}`;
    case 'MessageChanged':
      return `message ${event.message.seq} ${event.message.deletedAt === null ? 'edited' : 'deleted'}`;
    case 'ReadMarkMoved':
      return `${event.user.fullName} has read up to ${event.lastReadSeq}`;
    case 'ConversationChanged':
      switch (event.change) {
        case 'ADDED':
          return 'a new conversation';
        case 'UPDATED':
          return 'the conversation changed';
        case 'REMOVED':
          return 'left the conversation';
        default:
          event.change satisfies '%future added value';
          return null;
      }
    case 'UserChanged':
      return event.user.deletedAt === null ? `now called ${event.user.fullName}` : 'someone deleted their account';
    case 'FeedReset':
      return `fetch all again: ${event.reason}`;
    case 'ReactionsChanged':
    case 'PinsChanged':
    case 'MembershipChanged':
    case 'BlockChanged':
    case 'HistoryTrimmed':
    case 'CaughtUp':
      return null;
    default:
      // The compiler checks that all known types are handled; a newer server may send others, which are ignored.
      event satisfies never;
      return null;
  }
}

type Metadata = HistoryQuery['messages']['nodes'][number]['metadata'];
// The app's own data has a type, and not `any`.
false satisfies 0 extends 1 & Metadata ? true : false;

/** One person sends a message to another one. Returns what the other one receives live, and reads afterwards. */
export async function tour(url: string) {
  const ada = await signUp(url, 'Ada');
  const bob = await signUp(url, 'Bob');

  const seen: string[] = [];
  const events = parlourSocket(url, { token: () => bob.token }).iterate<EventsSubscription>({ query: Events.toString() });
  for await (const { data, errors } of events) {
    if (!data) throw new Error(JSON.stringify(errors));
    const line = describe(data.events);
    if (line) seen.push(line);
    if (data.events.__typename === 'CaughtUp' && seen.length === 0) {
      await execute(url, Send, { input: { to: { userId: bob.user.id }, text: 'hello', metadata: { order: 7 } } }, ada.token);
    }
    if (data.events.__typename === 'MessageAdded') break;
  }

  const { messages } = await execute(url, History, { with: ada.user.id }, bob.token);
  const history = messages.nodes.map(({ seq, text, sender, metadata }) => {
    // The app's own data is an object of which nothing is known.
    const order: unknown = metadata?.['order'];
    return `${seq} ${sender.fullName}: ${text ?? ''}, order ${String(order)}`;
  });
  return { seen, history };
}

async function signUp(url: string, fullName: string) {
  const input = { fullName, email: `${crypto.randomUUID()}@example.com`, password: 'correct horse battery' };
  return (await execute(url, SignUp, { input })).signup;
}

async function execute<Result, Variables>(
  url: string,
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  token?: string,
): Promise<Result> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query: document, variables }),
  });
  const { data, errors } = (await response.json()) as { data?: Result; errors?: { message: string }[] };
  if (!data || errors) throw new Error(JSON.stringify(errors));
  return data;
}
