import { configDefaults, defineConfig } from 'vitest/config';
import { butMocking, shared } from '../../vitest.shared.ts';

// What boots Linux takes half a minute or so: npm run test:linux.
const exclude = [...configDefaults.exclude, 'test/linux/**'];
const mocking = ['test/qtest/without-koffi.test.ts'];

export default defineConfig({ test: { ...shared, exclude, projects: butMocking(mocking) } });
