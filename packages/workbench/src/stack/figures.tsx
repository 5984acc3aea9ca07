/** What a run cost: virtual time against the other side's, counts, and where the time went. */
import type { Side } from '../machine/contract.ts';
import { bytes, counted, duration, significant } from '../quantity.ts';
import { Shares } from './shares.tsx';

interface FiguresProps {
  readonly side: Side;
  readonly other: Side | undefined;
}

export function Figures({ side, other }: FiguresProps) {
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
  const theirs = other?.report?.time.virtualNs ?? null;
  const own = time.virtualNs;
  const rows: readonly (readonly [string, string])[] = [
    ['exits', counted(counts.exits)],
    ['direct accesses', counted(counts.directAccesses)],
    ['interrupts', counted(counts.interrupts)],
    ['kicks', counted(counts.kicks)],
    ['IOTLB misses', counted(counts.iotlbMisses)],
    ['DMA', bytes(counts.bytesDma)],
    ['copied', bytes(counts.bytesCopied)],
    ['shadow updates', counted(counts.shadowUpdates)],
  ];
  return (
    <div class="figures">
      <p class="time">
        <strong>{own === null ? 'no virtual time' : duration(own)}</strong>
        <span>
          {own !== null && theirs !== null && theirs > 0 && own >= theirs
            ? `${significant(own / theirs)} × the other`
            : ' '}
        </span>
      </p>
      <dl>
        {rows.map(([name, value]) => (
          <div key={name} class={value === '0' || value === '0 B' ? 'none' : ''}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Shares title="Time by phase" of={time.byPhase} />
      <Shares title="Busy by cost" of={time.byCost} />
    </div>
  );
}
