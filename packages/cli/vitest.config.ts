import { defineConfig } from 'vitest/config';
import { butMocking, shared } from '../../vitest.shared.ts';

const mocking = ['test/compare.test.ts', 'test/guest-flags.test.ts'];

export default defineConfig({ test: { ...shared, projects: butMocking(mocking) } });
