// The recipes of the documentation as modules: each block that follows `<!-- recipe: name -->`, word for word.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { WebSocket } from 'ws';

// Browsers have one, and Node from 22 on.
globalThis.WebSocket ??= WebSocket;

const pages = ['../../README.md', '../../docs/images.md'].map((page) => new URL(page, import.meta.url));
const folder = new URL('./generated/recipes/', import.meta.url);

export const recipes = Object.fromEntries(
  pages
    .flatMap((page) => [...readFileSync(page, 'utf8').matchAll(/^<!-- recipe: (\S+) -->\n```\w+\n(.*?)^```$/gms)])
    .map(([, name, code]) => [name, code]),
);

mkdirSync(folder, { recursive: true });
for (const [name, code] of Object.entries(recipes)) {
  // Test files run side by side: none may import a half-written module.
  const mine = new URL(`.${name}.${process.pid}`, folder);
  writeFileSync(mine, code);
  renameSync(mine, new URL(name, folder));
}

export function recipe(name) {
  if (!recipes[name]) throw new Error(`the documentation has no recipe ${name}`);
  return import(new URL(name, folder).href);
}
