/** How many times native's time each stack takes, under each profile. */
import { useRef } from 'preact/hooks';
import { LengthBar } from '../chart/length-bar.tsx';
import { keptLongest, lengths } from '../chart/lengths.ts';
import type { Comparison } from '../machine/contract.ts';
import { significant } from '../quantity.ts';
import { inOrder } from './order.ts';

interface RankingProps {
  readonly reports: readonly Comparison[];
  /** What is ranked, also before the first report. */
  readonly wanted: readonly string[];
  readonly profiles: readonly string[];
  /** The profile by whose times they are in order, which comes first. */
  readonly first: string;
  /** The prices are the profiles' own. */
  readonly isUsual: boolean;
}

export function Ranking({ reports, wanted, profiles: all, first, isUsual }: RankingProps) {
  const profiles = [first, ...all.filter((name) => name !== first)];
  const stacks = inOrder(reports, first, wanted);
  const times = stacks.map((stack) =>
    profiles.map((profile) => {
      const report = reports.find((each) => each.profile === profile);
      return report?.stacks.find(({ name }) => name === stack)?.time.relativeToNative;
    }),
  );
  /** One scale for all profiles: what is shorter is less time. */
  const longest = useRef(0);
  const isWhole = reports.length === profiles.length;
  longest.current = keptLongest(longest.current, times.flat(), isUsual && isWhole);
  return (
    <table class="ranking">
      <caption>
        Virtual time, as times native's: one frame of this scene. The quickest under {first} is
        first.
      </caption>
      <thead>
        <tr>
          <th scope="col">stack</th>
          {profiles.map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {stacks.map((stack, row) => (
          // A place in the table stays where it is: what stands in it changes.
          <tr key={row}>
            <th scope="row">
              <span class="rank">{row + 1}</span> {stack}
            </th>
            {lengths(times[row], longest.current).map((length, column) => (
              <td key={profiles[column]} class="has-length">
                {written(times[row][column])}
                <LengthBar length={length} isBehind />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Null: there is no native to compare with; undefined: it is not known yet. */
function written(times: number | null | undefined): string {
  return typeof times === 'number' ? significant(times) : times === null ? '–' : '…';
}
