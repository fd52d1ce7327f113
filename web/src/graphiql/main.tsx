// GraphiQL, bundled with its workers and fonts, so that nothing is loaded from another origin.
import { GraphiQL } from 'graphiql';
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import { createRoot } from 'react-dom/client';
import { fetcher } from './fetcher';
import './style.css';
import { tabs } from './tabs';

createRoot(document.getElementById('root')!).render(
  <GraphiQL fetcher={fetcher} defaultTabs={tabs} schemaDescription inputValueDeprecation>
    <GraphiQL.Logo>Parlour</GraphiQL.Logo>
  </GraphiQL>,
);
