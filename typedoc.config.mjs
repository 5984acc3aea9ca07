// The API of every package, as far as its `exports` tell. `npm run site` puts it into the site.
import { readdirSync, readFileSync } from 'node:fs';

/** The page and the command are used, not imported; what tests share is not for others. */
const NOT_IMPORTED = ['workbench', 'cli'];
const FOR_TESTS = './testing';

/** The files that a package is imported by, with the names under which one does. */
function entryPoints(folder) {
  const { name, exports } = JSON.parse(readFileSync(`packages/${folder}/package.json`, 'utf8'));
  return Object.entries(exports)
    .filter(([subpath]) => subpath !== FOR_TESTS)
    .map(([subpath, file]) => [`packages/${folder}${file.slice(1)}`, name + subpath.slice(1)]);
}

const entries = readdirSync('packages')
  .filter((folder) => !NOT_IMPORTED.includes(folder))
  .flatMap(entryPoints);

/** typedoc calls a module by its path below `packages`. */
const names = new Map(
  entries.map(([file, name]) => [file.replace(/^packages\/(.*?)(?:\/index)?\.ts$/, '$1'), name]),
);

function nameModules(app) {
  app.converter.on('resolveBegin', ({ project }) => {
    for (const module of project.children ?? []) {
      module.name = names.get(module.name) ?? module.name;
    }
  });
}

export default {
  name: 'Doorbell: the API',
  entryPoints: entries.map(([file]) => file),
  plugin: [nameModules],
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
