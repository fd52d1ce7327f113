import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** Compresses each file once, at the highest level, and leaves only that: the server sends `x.js.gz` for `x.js`. */
const precompress: Plugin = {
  name: 'precompress',
  apply: 'build',
  writeBundle({ dir = 'dist' }, files) {
    for (const name of Object.keys(files).filter((name) => /\.(js|css|svg|ttf)$/.test(name))) {
      const path = join(dir, name);
      writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
      unlinkSync(path);
    }
  },
};

export default defineConfig({
  plugins: [react(), precompress],
  build: {
    rolldownOptions: {
      input: ['index.html', 'graphiql.html'],
      output: {
        codeSplitting: {
          groups: [
            // What GraphiQL needs, too.
            { name: 'shared', test: /node_modules\/(react|react-dom|scheduler|use-sync-external-store|graphql-ws|@floating-ui)\/|parlour-socket|preload-helper|rolldown/, priority: 2 },
            // All that the first load takes, in one file: it compresses better than many.
            { name: 'chat', test: /\/src\/app\/app\.tsx$/, priority: 1 },
          ],
        },
      },
      // GraphiQL's files contain directives for the React compiler, which is not used here.
      checks: { moduleLevelDirective: false },
    },
    // No data: URLs, so that the content security policy need not allow them.
    assetsInlineLimit: 0,
    // Monaco, GraphiQL's editor, is one chunk of 3 MB.
    chunkSizeWarningLimit: 4096,
  },
  server: {
    port: 5173,
    strictPort: true, // The development origin that Parlour allows by default.
    proxy: { '/graphql': { target: 'http://localhost:3000', ws: true }, '/images': 'http://localhost:3000' },
  },
});
