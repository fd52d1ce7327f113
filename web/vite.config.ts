import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  build: {
    rolldownOptions: {
      input: ['index.html', 'graphiql.html'],
      // GraphiQL's files carry directives to the React compiler, which is not used here.
      checks: { moduleLevelDirective: false },
    },
    // Nothing as a data: URL, so that the page's content security policy need not allow more of them.
    assetsInlineLimit: 0,
    // Monaco, GraphiQL's editor, is 3 MB of one piece.
    chunkSizeWarningLimit: 4096,
  },
  server: {
    port: 5173,
    strictPort: true, // The origin that Parlour lets in by default.
    proxy: { '/graphql': { target: 'http://localhost:3000', ws: true }, '/images': 'http://localhost:3000' },
  },
});
