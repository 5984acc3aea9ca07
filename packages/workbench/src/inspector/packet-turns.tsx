/** Turns the pages of a run's packets. */
import { counted } from '../quantity.ts';
import { packetPages } from './packet-pages.ts';
import type { Packet } from './packet-text.ts';

interface Props {
  readonly packets: readonly Packet[];
  readonly total: number;
  /** What is shown was asked for, and is not around the event. */
  readonly isAsked: boolean;
  readonly onAsk: (first: number) => void;
  readonly onBack: () => void;
}

const turns = [
  ['start', 'First', '⇤'],
  ['earlier', 'Earlier', '←'],
  ['later', 'Later', '→'],
  ['end', 'Last', '⇥'],
] as const;

export function PacketTurns({ packets, total, isAsked, onAsk, onBack }: Props) {
  const first = packets[0]?.number ?? 1;
  const pages = packetPages(first, total);
  return (
    <div class="turns" role="group" aria-label="Which packets are shown">
      {turns.map(([name, label, sign]) => {
        const to = pages[name];
        return (
          <button
            key={name}
            type="button"
            title={`${label} packets`}
            aria-label={`${label} packets`}
            disabled={to === undefined}
            onClick={() => to !== undefined && onAsk(to)}
          >
            {sign}
          </button>
        );
      })}
      <button type="button" disabled={!isAsked} onClick={onBack}>
        At the event
      </button>
      <span role="status">
        {counted(first)} to {counted(first + packets.length - 1)} of {counted(total)}
      </span>
    </div>
  );
}
