// npm run shapes
//
// Measures the shapes of the literature under each profile that ships, and writes what they were to
// packages/lab/src/shapes/figures.json. `npm run reference` makes the page and its charts of it.
import { writeFileSync } from 'node:fs';
import { profiles } from '../packages/hypervisor/src/profile.ts';
import type { Environment } from '../packages/lab/src/environment.ts';
import { labEnvironment } from '../packages/lab/src/node/environment.ts';
import { measureShapes, shapes } from '../packages/lab/src/shapes/index.ts';
import { judge } from '../packages/lab/src/shapes/shape.ts';

const environment: Environment = {
  ...labEnvironment,
  wallMs: () => 0,
  breathe: () => Promise.resolve(),
};

const figures: Record<string, Awaited<ReturnType<typeof measureShapes>>> = {};
for (const [name, profile] of profiles) {
  figures[name] = await measureShapes(profile, environment);
  for (const shape of shapes) {
    const { holds, figures: measured } = judge(shape, figures[name][shape.id]);
    const values = measured.map(
      ({ label, value, unit, holds: fits }) =>
        `${fits === false ? '✗ ' : ''}${label} ${value.toFixed(2)} ${unit}`,
    );
    console.log(`${name} ${shape.id}: ${holds ? 'holds' : 'does not hold'}: ${values.join('; ')}`);
  }
}
const file = new URL('../packages/lab/src/shapes/figures.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(figures, undefined, 2)}\n`);
