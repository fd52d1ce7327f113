// The chat client. Where to look: `feed/` keeps the state, `api/` talks to the server, `app/` is around everything, and
// `sidebar/`, `conversation/`, `people/` are what one sees; `ui/` are small parts, `styles/` the look, `texts.ts` the words.
import { createRoot } from 'react-dom/client';
import { App } from './app/app';
import { publishPageFocus } from './app/page-focus';
import { applyTheme } from './app/theme';
import './styles/tokens.css';
import './styles/base.css';
import './styles/parts.css';
import './styles/shell.css';
import './styles/sidebar.css';
import './styles/conversation.css';
import './styles/message.css';

applyTheme();
publishPageFocus();
createRoot(document.getElementById('root')!).render(<App />);
