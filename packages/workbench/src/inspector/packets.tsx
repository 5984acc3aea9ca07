/** The PCI Express packets around the event, all others page by page, and what those of the whole run add up to. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { go, packetsFrom } from '../session/index.ts';
import type { PacketInspection } from '../machine/contract.ts';
import { bytes, counted } from '../quantity.ts';
import { Heads } from './heads.tsx';
import { senderOf, tagOf, targetOf, type Packet } from './packet-text.ts';
import { PacketTurns } from './packet-turns.tsx';
import type { PaneProps } from './side-panes.tsx';

const arrows = { down: '↓', up: '↑' } as const;
const arrowWords = { down: 'to the function', up: 'from the function' } as const;

export function Packets({ inspection, place, side }: PaneProps) {
  const { packets: found } = inspection;
  if (found === undefined) {
    return <p class="none">They are derived …</p>;
  }
  if (found.summary.total.packets === 0) {
    return (
      <p class="none">
        No packet: no physical function is reached, a device model in software answers.
      </p>
    );
  }
  return <PagedPackets {...{ found, side, at: place.at }} />;
}

interface PagedProps {
  readonly found: PacketInspection;
  readonly side: number;
  readonly at: number;
}

/** Those around the event, until one asks for others. */
function PagedPackets({ found, side, at }: PagedProps) {
  const [asked, setAsked] = useState<readonly Packet[] | undefined>(undefined);
  const latest = useRef(found);
  latest.current = found;
  useEffect(() => setAsked(undefined), [found]);
  const ask = async (first: number): Promise<void> => {
    const packets = await packetsFrom(side, first);
    if (latest.current === found) {
      setAsked(packets);
    }
  };
  const packets = asked ?? found.packets;
  return (
    <>
      <Summary summary={found.summary} />
      <PacketTurns
        {...{ packets, total: found.summary.total.packets, isAsked: asked !== undefined }}
        onAsk={(first) => void ask(first)}
        onBack={() => setAsked(undefined)}
      />
      <PacketTable
        {...{ packets, at, follows: asked === undefined }}
        onGo={(event) => void go(side, event)}
      />
    </>
  );
}

function Summary({ summary }: { readonly summary: PacketInspection['summary'] }) {
  const { rows, total, payloadShare } = summary;
  return (
    <details>
      <summary>
        {counted(total.packets)} packets in the whole run, {(payloadShare * 100).toFixed(1)} % of
        the bytes on the link are payload
      </summary>
      <table>
        <Heads of={['type', 'direction', '#packets', '#payload', '#headers', '#framing']} />
        <tbody>
          {rows.map(({ type, direction, packets, payloadBytes, headerBytes, framingBytes }) => (
            <tr key={`${type} ${direction}`}>
              <th scope="row">
                <code>{type}</code>
              </th>
              <td>
                {arrows[direction]} {arrowWords[direction]}
              </td>
              <td class="number">{counted(packets)}</td>
              {[payloadBytes, headerBytes, framingBytes].map((each, index) => (
                <td key={index} class="number">
                  {bytes(each)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

/** Some rows before it are seen, too, and the first of them is whole: no head covers a part of it. */
function showRow(row: HTMLTableRowElement): void {
  const pane = row.closest('[role=tabpanel]');
  const head = row.closest('table')?.tHead?.rows[0].cells[0];
  if (pane !== null && head !== undefined) {
    const heads = Number.parseFloat(getComputedStyle(head).top) + head.offsetHeight;
    const before = Math.floor((pane.clientHeight - heads) / row.offsetHeight / 3);
    let first: Element = row;
    for (let up = 0; up < before; up++) {
      first = first.previousElementSibling ?? first;
    }
    const edge = pane.getBoundingClientRect().top + heads;
    pane.scrollTop += Math.ceil(first.getBoundingClientRect().top - edge);
  }
}

interface TableProps {
  readonly packets: readonly Packet[];
  readonly at: number;
  /** Scrolls to what there was by the event. */
  readonly follows: boolean;
  readonly onGo: (event: number) => void;
}

function PacketTable({ packets, at, follows, onGo }: TableProps) {
  const table = useRef<HTMLTableElement>(null);
  const current = useRef<HTMLTableRowElement>(null);
  /** The last packet that there was by the event. */
  const last = packets.findLast(({ event }) => event <= at);
  useEffect(() => {
    if (current.current !== null) {
      showRow(current.current);
    }
  }, [last?.number]);
  useEffect(() => {
    if (!follows) {
      table.current?.closest('[role=tabpanel]')?.scrollTo({ top: 0 });
    }
  }, [packets, follows]);
  return (
    <table class="packets" ref={table}>
      <Heads of={['event', 'way', 'type', 'from', 'to', '#tag', '#DW', 'what for']} />
      <tbody>
        {packets.map((packet) => {
          const { number, event, header, direction, purpose } = packet;
          return (
            <tr
              key={number}
              ref={follows && packet === last ? current : null}
              class={event === at ? 'open' : event > at ? 'later' : undefined}
            >
              <td>
                <button
                  type="button"
                  class="plain"
                  aria-current={event === at ? 'step' : undefined}
                  onClick={() => {
                    onGo(event);
                  }}
                >
                  #{event}
                </button>
              </td>
              <td title={arrowWords[direction]} class={direction}>
                {arrows[direction]}
              </td>
              <td>
                <code>{header.type}</code>
              </td>
              <td>
                <code>{senderOf(header)}</code>
              </td>
              <td>
                <code>{targetOf(header)}</code>
              </td>
              <td class="number">{tagOf(packet)}</td>
              <td class="number">{header.length}</td>
              <td>{purpose}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
