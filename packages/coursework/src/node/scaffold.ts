/** Makes a package for a part that somebody is going to write: it runs at once, and is honestly unfinished. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '@doorbell/lab';
import { labName, type Lab } from '../labs/index.ts';
import type { NewKind } from '../part.ts';

const templates = fileURLToPath(new URL('../../templates', import.meta.url));
const repository = fileURLToPath(new URL('../../../..', import.meta.url));
/** What a template calls the part. */
const NAME = '__NAME__';
/** As npm has it, without scopes. */
const goodName = /^[a-z][a-z0-9-]{0,63}$/;
/** What a part imports, and what its tools are made of: all of this project that has to be found. */
const packages = ['abi', 'coursework', 'hypervisor', 'lab', 'pv-backend', 'pv-frontend'];
const README = 'README.md';
/** At the versions that this project has; its own sources name types of WebGPU. */
const tools = ['@webgpu/types', 'typescript', 'vitest'];

export interface Scaffold {
  readonly kind: NewKind;
  readonly name: string;
  /** Where the package goes: a folder that is not there, or empty. */
  readonly folder: string;
  /** The lab that it is the starter of. */
  readonly lab?: Lab | undefined;
}

export interface Scaffolded {
  /** The files that were written, as paths from the folder. */
  readonly files: readonly string[];
  /** Whether the folder is within this project: then there is nothing to install. */
  readonly isInside: boolean;
}

/** @throws InputError when it cannot have that name, or something is there; the system's errors. */
export function scaffold({ kind, name, folder, lab }: Scaffold): Scaffolded {
  if (!goodName.test(name)) {
    throw new InputError(
      `'${name}' is no name for a package: use small letters, digits and hyphens, a letter first.`,
    );
  }
  const root = resolve(folder);
  if (existsSync(root) && (!statSync(root).isDirectory() || readdirSync(root).length > 0)) {
    throw new InputError(`'${folder}' is there, and not an empty folder: give another with --dir.`);
  }
  const isInside = `${root}${sep}`.startsWith(repository);
  const contents = new Map([
    ...filesOf(join(templates, 'common')),
    ...filesOf(starterOf(kind, lab)),
    ['package.json', packageJson(name, root, isInside, lab)],
  ]);
  if (lab !== undefined) {
    contents.set(README, `${contents.get(README) ?? ''}\n${labSection(lab, root)}`);
  }
  for (const [file, text] of contents) {
    const path = join(root, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text.replaceAll(NAME, name));
  }
  return { files: [...contents.keys()].sort(), isInside };
}

/** What a lab begins with, where that is something else than what a new part of the kind is. */
function starterOf(kind: NewKind, lab: Lab | undefined): string {
  const own = lab === undefined ? undefined : join(templates, labName(lab));
  return own !== undefined && existsSync(own) ? own : join(templates, kind);
}

/** Files that mean something only in the package that is made end in `.template`. */
function filesOf(folder: string): readonly (readonly [string, string])[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const file = relative(folder, path);
      return [file.replace(/\.template$/, ''), readFileSync(path, 'utf8')];
    });
}

/** What a starter's README says of its lab. */
function labSection(lab: Lab, root: string): string {
  const handout = relative(root, join(repository, lab.handout)).replaceAll(sep, '/');
  return `## Lab ${lab.number}: ${lab.title}

${lab.task} The handout is [${lab.handout}](${handout}).

    npx doorbell grade ${labName(lab)} .      # what it earns, of 100 points
`;
}

function packageJson(name: string, root: string, isInside: boolean, lab: Lab | undefined): string {
  const manifest = {
    ...{ name, version: '0.1.0', private: true, type: 'module', exports: './src/index.ts' },
    scripts: {
      check: 'doorbell check .',
      watch: 'doorbell check . --watch',
      types: 'tsc -p .',
      test: 'vitest run',
      ...(lab === undefined ? {} : { grade: `doorbell grade ${labName(lab)} .` }),
    },
    ...(isInside ? {} : { devDependencies: outside(root) }),
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Links to this project's packages, and the tools at its versions. */
function outside(root: string): Record<string, string> {
  const { devDependencies } = JSON.parse(
    readFileSync(join(repository, 'package.json'), 'utf8'),
  ) as { readonly devDependencies: Readonly<Record<string, string>> };
  const link = (folder: string): string =>
    `file:${relative(root, join(repository, 'packages', folder)).replaceAll(sep, '/')}`;
  return {
    ...Object.fromEntries(packages.map((each) => [`@doorbell/${each}`, link(each)])),
    doorbell: link('cli'),
    ...Object.fromEntries(tools.map((tool) => [tool, devDependencies[tool]])),
  };
}
