// The recipes of the documentation as modules: each block that follows `<!-- recipe: name -->`, word for word.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { WebSocket } from 'ws';

// Built into browsers, and into Node from version 22 on.
globalThis.WebSocket ??= WebSocket;

const pages = ['../../README.md', '../../docs/clients.md', '../../docs/images.md', '../../docs/webhooks.md'].map((page) => new URL(page, import.meta.url));
const folder = new URL('./generated/recipes/', import.meta.url);

export const recipes = Object.fromEntries(
  pages
    .flatMap((page) => [...readFileSync(page, 'utf8').matchAll(/^<!-- recipe: (\S+) -->\n```\w+\n(.*?)^```$/gms)])
    .map(([, name, code]) => [name, code]),
);

mkdirSync(folder, { recursive: true });
for (const [name, code] of Object.entries(recipes)) {
  // Test files run in parallel, so the files are replaced atomically.
  const temporary = new URL(`.${name}.${process.pid}`, folder);
  writeFileSync(temporary, code);
  renameSync(temporary, new URL(name, folder));
}

export function recipe(name) {
  if (!recipes[name]) throw new Error(`the documentation has no recipe ${name}`);
  return import(new URL(name, folder).href);
}
