// The chat client. `feed/` keeps the state, `api/` talks to the server, `app/` has the session and the layout; `sidebar/`,
// `conversation/` and `people/` are the views, `ui/` shared components, `styles/` the CSS, `texts.ts` all texts.
import { createRoot } from 'react-dom/client';
import { App } from './app/app';
import { rejectStrayDrops } from './app/stray-drops';
import { publishPageFocus } from './app/page-focus';
import { applyTheme } from './app/theme';
import './styles/tokens.css';
import './styles/base.css';
import './styles/parts.css';
import './styles/shell.css';
import './styles/sidebar.css';
import './styles/conversation.css';
import './styles/message.css';
import './styles/phone.css';
import './styles/print.css';

applyTheme();
publishPageFocus();
rejectStrayDrops();
createRoot(document.getElementById('root')!).render(<App />);
