// The tabs that GraphiQL opens with. A test validates each against the schema.
import history from './tabs/history.graphql?raw';
import listen from './tabs/listen.graphql?raw';
import people from './tabs/people.graphql?raw';
import send from './tabs/send.graphql?raw';
import signUp from './tabs/sign-up.graphql?raw';

const variables = (values: Record<string, string | null>) => JSON.stringify(values, null, 2);

export const tabs = [
  { query: signUp },
  { query: people },
  { query: listen },
  { query: send, variables: variables({ to: '', text: 'Hello!' }) },
  { query: history, variables: variables({ with: '', before: null }) },
];
