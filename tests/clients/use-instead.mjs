// Runs stock clients on another version of a package, which is installed under another name.
import { register } from 'node:module';

/** From now on, imports of each package get the other one. Import the clients after this, not at the top of the file. */
export function useInstead(others) {
  register('./use-instead-hooks.mjs', { parentURL: import.meta.url, data: others });
}
