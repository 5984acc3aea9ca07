/** What was counted until here, on both sides. */
import { LengthBar } from '../chart/length-bar.tsx';
import { lengths } from '../chart/lengths.ts';
import { inspectedBefore, inspections, sides, state } from '../session/index.ts';
import { counted } from '../quantity.ts';
import { Changed } from './changed.tsx';
import { counterRows, difference } from './counter-rows.ts';

export function Counters() {
  const counters = (all: typeof inspections.value) => all.map((each) => each?.counters);
  const rows = counterRows(counters(inspections.value), counters(inspectedBefore.value));
  const names = sides.value.map(({ name }) => name);
  const stepped = state.value.side;
  if (rows.length === 0) {
    return <p class="none">Nothing was counted yet.</p>;
  }
  return (
    <table class="counters">
      <caption>Counted until here</caption>
      <thead>
        <tr>
          <th scope="col">what</th>
          {names.map((name, side) => (
            <th key={side} scope="col" class="number">
              {name}
              {names.length > 1 && <LengthBar length={1} isStepped={side === stepped} />}
            </th>
          ))}
          {names.length > 1 && (
            <th scope="col" class="number">
              difference
            </th>
          )}
          <td class="pair" />
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, counts, was }) => (
          <tr key={name}>
            <th scope="row">
              <code>{name}</code>
            </th>
            {counts.map((count, side) => {
              const then = was[side];
              return (
                <td key={side} class="number">
                  <Changed
                    text={counted(count)}
                    was={then === undefined ? undefined : counted(then)}
                  />
                </td>
              );
            })}
            {names.length > 1 && <td class="number">{difference(counts)}</td>}
            <td class="pair">
              {names.length > 1 &&
                lengths(counts).map((length, side) => (
                  <LengthBar key={side} length={length} isStepped={side === stepped} />
                ))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
