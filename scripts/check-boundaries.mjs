// node scripts/check-boundaries.mjs [FOLDER]
//
// Checks the import arrows of .dependency-cruiser.cjs. Without a TypeScript compiler that it knows,
// dependency-cruiser finds no violations because it reads no sources: every source file on disk must
// therefore be among the modules it read, and imports must have been seen in them.
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruise } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';

const repository = fileURLToPath(new URL('..', import.meta.url));
const root = resolve(process.argv[2] ?? repository);
const folders = ['packages', 'test'];

process.chdir(root);
const options = await extractDepcruiseOptions(join(repository, '.dependency-cruiser.cjs'));
const { output } = await cruise(folders, options, options.enhancedResolveOptions, {
  tsConfig: extractTSConfig(join(repository, 'tsconfig.json')),
});
const { modules, summary } = output;

for (const { rule, from, to, cycle } of summary.violations) {
  const path = cycle ? cycle.map(({ name }) => name).join(' → ') : to;
  console.error(`${rule.severity} ${rule.name}: ${from} → ${path}`);
}
if (summary.violations.length > 0) {
  fail(`${summary.violations.length} violations of the rules in .dependency-cruiser.cjs`);
}

const read = new Set(modules.map(({ source }) => source));
const unread = folders.flatMap(typescriptIn).filter((file) => !read.has(file));
if (unread.length > 0) {
  fail(`dependency-cruiser did not read ${unread.length} files, first ${unread[0]}`);
}
if (summary.totalDependenciesCruised === 0) {
  fail('dependency-cruiser saw no import at all');
}
console.log(
  `boundaries: ${modules.length} modules, ${summary.totalDependenciesCruised} imports, none crosses a boundary`,
);

/** The TypeScript files in a folder of the repository, as paths from its root. */
function typescriptIn(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      return ['node_modules', 'dist', 'coverage'].includes(entry.name) ? [] : typescriptIn(path);
    }
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
