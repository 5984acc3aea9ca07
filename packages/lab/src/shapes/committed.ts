/** The figures that `npm run shapes` wrote, each with its row. */
import figures from './figures.json' with { type: 'json' };
import { judge, type Shape, type Verdict } from './shape.ts';

type Measured = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;

/** The profiles that were measured, in the order of their list. */
export const measuredProfiles: readonly string[] = Object.keys(figures);

/** @throws RangeError when the shape was not measured under this profile. */
export function committed(shape: Shape, profile: string): Verdict {
  const values = (figures as Measured)[profile]?.[shape.id];
  if (values?.length !== shape.rows.length) {
    throw new RangeError(
      `The figures of '${shape.id}' under '${profile}' are not those of its rows.`,
    );
  }
  return judge(shape, values);
}
