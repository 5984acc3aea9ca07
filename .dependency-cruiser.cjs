// The arrows of the design: what each package may import, and nothing else. A package that is not
// in this table may not exist, so a new one gets its row before its first file.

/** @type {Record<string, string[]>} */
const arrows = {
  abi: [],
  wire: ['abi'],
  'device-model': ['abi'],
  'guest-driver': ['abi'],
  'pv-frontend': ['abi', 'wire'],
  'pv-backend': ['abi', 'wire'],
  hypervisor: ['abi', 'device-model'],
  peers: ['abi', 'device-model', 'guest-driver', 'pv-frontend', 'pv-backend', 'hypervisor'],
  lab: ['abi', 'wire', 'device-model', 'guest-driver', 'pv-frontend', 'pv-backend', 'hypervisor'],
  coursework: [
    'abi',
    'wire',
    'device-model',
    'guest-driver',
    'pv-frontend',
    'pv-backend',
    'hypervisor',
    'lab',
  ],
  workbench: ['wire', 'lab'],
};
/** May import every package. */
const unrestricted = ['cli'];

const known = [...Object.keys(arrows), ...unrestricted];
const anyOf = (names) => `(?:${names.join('|')})`;

/** Files that may use Node: these packages, and the `./node` subpaths of the paravirtual pair and of lab. */
const mayUseNode = [
  '^packages/(?:peers|coursework|cli)/',
  '^packages/(?:pv-frontend|pv-backend|lab)/src/node(?:[./]|$)',
];

/** Packages that no third-party code may enter: guest code sees hardware through abi's ports only. */
const pure = ['abi', 'device-model', 'guest-driver', 'pv-frontend', 'pv-backend', 'hypervisor'];

const arrowRules = Object.entries(arrows).map(([name, allowed]) => ({
  name: `arrows-of-${name}`,
  comment: `${name} may import ${allowed.length > 0 ? allowed.join(', ') : 'no other package'}.`,
  severity: 'error',
  from: { path: `^packages/${name}/src/` },
  to: { path: '^packages/', pathNot: `^packages/${anyOf([name, ...allowed])}/` },
}));

module.exports = {
  forbidden: [
    ...arrowRules,
    {
      name: 'unknown-package',
      comment: 'Give the package a row in .dependency-cruiser.cjs.',
      severity: 'error',
      from: { path: '^packages/', pathNot: `^packages/${anyOf(known)}/` },
      to: {},
    },
    {
      name: 'front-door-only',
      comment: 'Import another package by its name, so that its exports are its only entrance.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/src/' },
      to: { path: '^packages/', pathNot: '^packages/$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-test-in-source',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { path: '^(?:packages/[^/]+/test|test)/' },
    },
    {
      name: 'no-node-in-portable-code',
      comment:
        'A clock, a socket, a random source are injected, so that the code runs in a browser.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: mayUseNode },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-third-party-code',
      severity: 'error',
      from: { path: `^packages/${anyOf(pure)}/src/`, pathNot: mayUseNode },
      to: { path: 'node_modules/' },
    },
    {
      name: 'undeclared-dependency',
      comment: 'List it in the package.json of the package that imports it.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'] },
    },
    {
      name: 'unresolvable',
      comment: 'What begins with virtual: is made by the plugins of packages/workbench/build.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^virtual:' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(?:^|/)(?:dist|coverage)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
