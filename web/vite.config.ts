import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** Compressed once, and as far as it goes, and not anew for each visitor: the server sends `x.js.gz` in place of `x.js`. */
const compressed: Plugin = {
  name: 'compressed',
  apply: 'build',
  writeBundle({ dir = 'dist' }, files) {
    for (const name of Object.keys(files).filter((name) => /\.(js|css|svg|ttf)$/.test(name))) {
      const path = join(dir, name);
      writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
    }
  },
};

export default defineConfig({
  plugins: [react(), compressed],
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
