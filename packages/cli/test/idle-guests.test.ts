/** What a guest that does nothing takes of the memory of the computer that simulates it. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** In a process of its own: prints bytes for each of so many guests more. */
const program = `
  import { profiles } from '@doorbell/hypervisor';
  import { buildStack, stackSpec } from '@doorbell/lab';
  const [, name, count, type] = process.argv;
  const profile = profiles.get('kvm-x86');
  const { options } = stackSpec(name, type === undefined ? {} : { type });
  const guest = { display: { flip: () => undefined }, weight: 1, cap: 0 };
  const build = (guests) =>
    buildStack(name, { profile, options, guests: Array.from({ length: guests }, () => guest) });
  const kept = [build(1)];
  /** By how many bytes a machine with so many guests makes this process larger. */
  const cost = (guests) => {
    const before = process.memoryUsage().rss;
    kept.push(build(guests));
    gc();
    return process.memoryUsage().rss - before;
  };
  gc();
  // The first of its kind also has the engine grow its heap and compile.
  const least = (guests) => Math.min(cost(guests), cost(guests), cost(guests));
  const alone = least(1);
  console.log(Math.round((least(Number(count) + 1) - alone) / Number(count)), kept.length);
`;

test.each<[string, number, string?]>([
  ['native', 63],
  ['passthrough', 30],
  ['sriov', 15],
  ['mdev', 7, 'bell-8'],
  ['emulated', 63],
  ['pv', 63],
  ['pv-assisted', 63],
])('%s: less than 2 MiB for each idle guest', (name, count, type) => {
  const output = execFileSync(
    process.execPath,
    [
      ...['--expose-gc', '--import', 'tsx', '--input-type=module', '--eval', program],
      ...[name, String(count), ...(type === undefined ? [] : [type])],
    ],
    { cwd: fileURLToPath(new URL('..', import.meta.url)), encoding: 'utf8' },
  );
  expect(Number.parseInt(output)).toBeLessThan(2 << 20);
});
