// GraphiQL, bundled with its workers and fonts, so that nothing is loaded from another origin.
import { GraphiQL } from 'graphiql';
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import { createRoot } from 'react-dom/client';
import { fetcher } from './fetcher';
import './style.css';
import { tabs } from './tabs';

// A link can bring an operation in `query` and `variables`. It is shown in a tab of its own, and not run.
const link = new URLSearchParams(location.search);
const query = link.get('query');
const variables = link.get('variables');
const linked = query === null ? null : { query, ...(variables !== null && { variables }) };

createRoot(document.getElementById('root')!).render(
  <GraphiQL
    fetcher={fetcher}
    defaultTabs={linked ? [linked, ...tabs] : tabs}
    {...(linked && { initialQuery: linked.query, initialVariables: linked.variables ?? '' })}
    schemaDescription
    inputValueDeprecation
  >
    <GraphiQL.Logo>Parlour</GraphiQL.Logo>
  </GraphiQL>,
);
