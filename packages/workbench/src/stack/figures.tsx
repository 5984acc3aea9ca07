/** What a run cost: virtual time against the other side's, counts, and where the time went. */
import { LengthBar } from '../chart/length-bar.tsx';
import { lengths } from '../chart/lengths.ts';
import type { Side } from '../machine/contract.ts';
import { bytes, counted, duration, significant } from '../quantity.ts';
import { Shares } from './shares.tsx';

interface FiguresProps {
  readonly side: Side;
  readonly other: Side | undefined;
  readonly isStepped: boolean;
}

type Counts = NonNullable<Side['report']>['counts'];

interface Row {
  readonly name: string;
  readonly count: (counts: Counts) => number;
  readonly text: (count: number) => string;
}

const rows: readonly Row[] = [
  { name: 'exits', count: ({ exits }) => exits, text: counted },
  { name: 'direct accesses', count: ({ directAccesses }) => directAccesses, text: counted },
  { name: 'interrupts', count: ({ interrupts }) => interrupts, text: counted },
  { name: 'kicks', count: ({ kicks }) => kicks, text: counted },
  { name: 'IOTLB misses', count: ({ iotlbMisses }) => iotlbMisses, text: counted },
  { name: 'DMA', count: ({ bytesDma }) => bytesDma, text: bytes },
  { name: 'copied', count: ({ bytesCopied }) => bytesCopied, text: bytes },
  { name: 'shadow updates', count: ({ shadowUpdates }) => shadowUpdates, text: counted },
];

export function Figures({ side, other, isStepped }: FiguresProps) {
  const { report, error, explanation, account } = side;
  if (account !== undefined) {
    return (
      <div class="figures account">
        {account.map((line) => (
          <p key={line}>{line}</p>
        ))}
      </div>
    );
  }
  if (report === undefined) {
    return (
      <div class="figures">
        <p class="stuck">{explanation.stuck ? 'Stuck.' : 'It came to no end.'}</p>
        <p class="why">{explanation.causes[0]?.what ?? error ?? 'Nothing was reported of it.'}</p>
      </div>
    );
  }
  const { counts, time } = report;
  const theirs = other?.report?.counts;
  const own = time.virtualNs;
  const otherNs = other?.report?.time.virtualNs ?? null;
  return (
    <div class="figures">
      <p class="time">
        <strong>{own === null ? 'no virtual time' : duration(own)}</strong>
        <span title="of the other's time">
          {own !== null && otherNs !== null && otherNs > 0 && own >= otherNs ? (
            <>
              {significant(own / otherNs)} ×<span class="hidden"> the other</span>
            </>
          ) : (
            ' '
          )}
        </span>
      </p>
      <dl>
        {rows.map(({ name, count, text }) => {
          const mine = count(counts);
          return (
            <div
              key={name}
              class={`${theirs === undefined ? '' : 'has-length'} ${mine === 0 ? 'none' : ''}`}
            >
              <dt>{name}</dt>
              <dd>
                {theirs !== undefined && (
                  <LengthBar
                    length={lengths([mine, count(theirs)])[0]}
                    isStepped={isStepped}
                    isBehind
                  />
                )}
                {text(mine)}
              </dd>
            </div>
          );
        })}
      </dl>
      <div class="parts">
        <Shares title="Time by phase" of={time.byPhase} />
        <Shares title="Busy by cost" of={time.byCost} />
      </div>
    </div>
  );
}
