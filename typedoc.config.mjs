// The API of every package, as far as its `exports` tell. `npm run site` puts it into the site.
import { readdirSync, readFileSync } from 'node:fs';

/** The page and the command are used, not imported; what tests share is not for others. */
const NOT_IMPORTED = ['workbench', 'cli'];
const FOR_TESTS = './testing';

const packages = readdirSync('packages').filter((name) => !NOT_IMPORTED.includes(name));

function entryPoints(name) {
  const { exports } = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8'));
  return Object.entries(exports)
    .filter(([subpath]) => subpath !== FOR_TESTS)
    .map(([, file]) => `packages/${name}/${file.replace('./', '')}`);
}

export default {
  name: 'Doorbell: the API',
  entryPoints: packages.flatMap(entryPoints),
  tsconfig: 'tsconfig.json',
  out: '.cache/api',
  readme: 'none',
  navigationLinks: { 'The documents': '/index.html' },
  // `npm run check:types` has looked.
  skipErrorChecking: true,
  // There is no public address to link to.
  disableSources: true,
  treatWarningsAsErrors: true,
};
