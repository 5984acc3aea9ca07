/** A walk of page tables: the address as its indices, then a box for each table that is read. */
import type { PageWalk, WalkQuery } from '../machine/contract.ts';
import { hex } from './text.ts';

const PAGE_BYTES = 4096;

interface WalkProps {
  readonly query: WalkQuery;
  readonly walk: PageWalk | undefined;
}

export function WalkView({ query, walk }: WalkProps) {
  if (walk === undefined) {
    return <p class="none">There is no such function or channel now.</p>;
  }
  const { steps, address, end, write } = walk;
  const ends = address === undefined ? 'nowhere' : 'somewhere';
  return (
    <ol class="walk">
      <li class="box start">
        <strong>{query.kind === 'gpu' ? 'GPU address' : 'IOVA'}</strong>
        <code>{hex(query.address)}</code>
        <span class="time">offset {hex(query.address % PAGE_BYTES)}</span>
      </li>
      {steps.map(({ table, index, at, low, high, flags }) => (
        <li class="box" key={at}>
          <strong>{table}</strong>
          <span>
            at <code>{hex(at - (at % PAGE_BYTES))}</code>
          </span>
          <span>
            entry <b>{index}</b>: <code>{hex(high * 2 ** 32 + low)}</code>
          </span>
          <span class={flags.length === 0 ? 'bad' : 'time'}>
            {flags.length === 0 ? 'no flag is set' : flags.join(' ')}
          </span>
        </li>
      ))}
      <li class={`box ${ends}`}>
        {address === undefined ? (
          <>
            <strong>✗ it ends here</strong>
            <span>{end}</span>
          </>
        ) : (
          <>
            <strong>✓ {end}</strong>
            <code>{hex(address)}</code>
            <span class="time">{write ? 'may be written' : 'read-only'}</span>
          </>
        )}
      </li>
    </ol>
  );
}
