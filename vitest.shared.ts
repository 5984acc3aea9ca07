/** What holds for the tests of every package. */
import type { TestProjectConfiguration, ViteUserConfig } from 'vitest/config';

/** In milliseconds. It ends what hangs, and says nothing of how fast a machine is. */
const LIMIT_MS = 300_000;

/**
 * Files share their modules with those before them: to load them anew for each took a quarter of
 * the time. So a test leaves nothing behind.
 */
export const shared = {
  isolate: false,
  testTimeout: LIMIT_MS,
  hookTimeout: LIMIT_MS,
} satisfies ViteUserConfig['test'];

/** But for those that put something else in a module's place (`vi.mock`): they have their own. */
export function butMocking(mocking: readonly string[]): TestProjectConfiguration[] {
  return [
    { extends: true, test: { name: 'shared', exclude: [...mocking] } },
    { extends: true, test: { name: 'mocking', include: [...mocking], isolate: true } },
  ];
}
