import { builtinModules } from 'node:module';
import eslint from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Code that also runs in a browser: what it needs of its surroundings is handed to it. */
const portable = [
  'abi',
  'wire',
  'device-model',
  'guest-driver',
  'pv-frontend',
  'pv-backend',
  'hypervisor',
  'lab',
];

/** Code whose numbers reach `Gpu`: every engine must compute the same bits. */
const exact = ['abi', 'lab', 'device-model', 'guest-driver', 'pv-frontend', 'pv-backend'];

const sources = (names) => names.map((name) => `packages/${name}/src/**/*.ts`);
const nodeSubpaths = [
  'packages/pv-*/src/node.ts',
  'packages/pv-*/src/node/**/*.ts',
  'packages/lab/src/node/**/*.ts',
];

const injected = 'Take it as a port or a parameter, so that a run is deterministic.';
const rounded =
  'Engines may round it differently. Use a table, or what ECMAScript defines exactly.';

const surroundings = [
  'Date',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'performance',
  'console',
  'process',
  'Buffer',
  'require',
];

const randomness = {
  selector: "MemberExpression[object.name='Math'][property.name='random']",
  message: `Math.random: ${injected}`,
};

const inexactMath = [
  {
    selector:
      "MemberExpression[object.name='Math'][computed=false]" +
      ':not([property.name=/^(abs|floor|ceil|trunc|round|min|max|imul|fround|clz32|sign|random|[A-Z][A-Z0-9_]*)$/])',
    message: rounded,
  },
  {
    selector: "MemberExpression[object.name='Math'][computed=true]",
    message: 'Name the Math function, so that the check can read it.',
  },
  {
    selector: "VariableDeclarator[init.name='Math']",
    message: 'Call Math functions as Math.name, so that the check can read them.',
  },
  {
    // A power of two is exact everywhere, and so is a bigint.
    selector: "BinaryExpression[operator='**']:not([left.value=2]):not([left.bigint])",
    message: `**: ${rounded}`,
  },
  { selector: "AssignmentExpression[operator='**=']", message: `**=: ${rounded}` },
];

export default defineConfig(
  {
    ignores: [
      '**/node_modules/',
      '**/dist/',
      '**/coverage/',
      '**/.turbo/',
      '**/.vitest/',
      '**/.cache/',
    ],
  },
  eslint.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './packages/workbench/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      curly: ['error', 'all'],
      eqeqeq: 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all' },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],

      // An element of an array is typed as present (noUncheckedIndexedAccess is off), so asking
      // whether it is there is not needless, and saying that it is there is not a lie.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      // A port's local half is synchronous behind an asynchronous contract.
      '@typescript-eslint/require-await': 'off',
      // A port that does nothing is `() => {}`.
      '@typescript-eslint/no-empty-function': 'off',
      // An index into a register file or a ring is not an iteration.
      '@typescript-eslint/prefer-for-of': 'off',
      '@typescript-eslint/class-literal-property-style': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
    },
  },
  {
    files: sources(portable),
    ignores: nodeSubpaths,
    rules: {
      'no-restricted-globals': [
        'error',
        ...surroundings.map((name) => ({ name, message: injected })),
      ],
      'no-restricted-properties': [
        'error',
        ...surroundings.map((property) => ({ object: 'globalThis', property, message: injected })),
      ],
      'no-restricted-imports': [
        'error',
        {
          paths: builtinModules.map((name) => ({ name, message: injected })),
          patterns: [{ regex: '^node:', message: injected }],
        },
      ],
      'no-restricted-syntax': ['error', randomness],
    },
  },
  {
    files: sources(exact),
    rules: { 'no-restricted-syntax': ['error', randomness, ...inexactMath] },
  },
  {
    files: ['**/*.test.ts'],
    rules: {
      // `expect(device.reset)` and `expect.any(Number)` are what they look like.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  {
    // Scripts and configuration: plain JavaScript, linted without types.
    files: ['**/*.{js,mjs,cjs}'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: { console: 'readonly', process: 'readonly', module: 'writable', URL: 'readonly' },
    },
  },
);
