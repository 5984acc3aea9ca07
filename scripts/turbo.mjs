// Runs this checkout's own turbo, whatever is installed globally, with its telemetry off.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

const turbo = createRequire(import.meta.url).resolve('turbo/bin/turbo');
// A failure in one package must not cut another package's tests off half-way.
const args = [...process.argv.slice(2, 4), '--continue', ...process.argv.slice(4)];
const { status } = spawnSync(process.execPath, [turbo, ...args], {
  stdio: 'inherit',
  env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' },
});
process.exitCode = status ?? 1;
