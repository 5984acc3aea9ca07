import { configDefaults, defineConfig } from 'vitest/config';
import { shared } from '../vitest.shared.ts';

// What boots Linux takes half a minute or so: npm run test:linux.
const exclude = [...configDefaults.exclude, '**/*.linux.test.ts'];

// Few files, and each has its own modules: some of them load modules that they have changed.
export default defineConfig({ test: { ...shared, isolate: true, exclude, maxWorkers: 2 } });
