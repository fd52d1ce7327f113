// Prints the licences of the npm packages that are in the pages: `node scripts/licences-of-packages.mjs web`. The folder has
// its packages installed. Fails if one of them names no licence.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const [folder] = process.argv.slice(2);
const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));

for (const [path, entry] of Object.entries(packages)) {
  // What only builds and checks them is not in them. Optional ones are of other systems where they are missing.
  if (path === '' || entry.dev || entry.optional || entry.devOptional) continue;
  const home = join(folder, path);
  const { name, version, license } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
  if (!license) throw new Error(`${name} names no licence`);
  const files = readdirSync(home).filter((file) => /^(licen[sc]e|copying|notice)/i.test(file));
  const texts = files.map((file) => readFileSync(join(home, file), 'utf8').trim());
  process.stdout.write([`${name} ${version}: ${license}`, ...texts, '='.repeat(80), ''].join('\n\n'));
}
