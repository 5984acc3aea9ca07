import { configDefaults, defineConfig } from 'vitest/config';

// What boots Linux takes half a minute or so: npm run test:linux.
export default defineConfig({
  test: { exclude: [...configDefaults.exclude, '**/*.linux.test.ts'] },
});
