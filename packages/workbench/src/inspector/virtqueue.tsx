/** A virtqueue: its indices on a strip of its entries, and its descriptors. */
import type { Inspection } from '../machine/contract.ts';
import { Changed } from './changed.tsx';
import { Heads } from './heads.tsx';
import { ownerName, hex } from './text.ts';

type Queue = NonNullable<Inspection['queues']>[number];

interface QueueProps {
  readonly queue: Queue;
  readonly was: Queue | undefined;
}

export function Virtqueue({ queue, was }: QueueProps) {
  const { guest, size, packed, availIdx, usedIdx, descriptors, pending, lastUsed } = queue;
  return (
    <section class="ring">
      <h4>
        {ownerName(guest)} queue {queue.queue}: {packed ? 'packed' : 'split'}, {size} entries
      </h4>
      {!packed && (
        <>
          <Strip queue={queue} />
          <dl class="indices">
            <dt>avail.idx</dt>
            <dd>
              <code>
                <Changed text={String(availIdx)} was={was && String(was.availIdx)} />
              </code>{' '}
              the driver has made so many available
            </dd>
            <dt>used.idx</dt>
            <dd>
              <code>
                <Changed text={String(usedIdx)} was={was && String(was.usedIdx)} />
              </code>{' '}
              the device has used so many
              {lastUsed !== undefined &&
                `, the last one chain ${lastUsed.id}: ${lastUsed.len} bytes`}
            </dd>
            <dt>open</dt>
            <dd>{pending.length === 0 ? 'none' : `chains ${pending.join(', ')}`}</dd>
          </dl>
        </>
      )}
      <details>
        <summary>
          {descriptors.length} {descriptors.length === 1 ? 'descriptor' : 'descriptors'} with
          something in {descriptors.length === 1 ? 'it' : 'them'}
        </summary>
        <table>
          <Heads of={['index', 'address', '#bytes', 'flags', packed ? '#id' : '#next']} />
          <tbody>
            {descriptors.map(({ index, address, bytes, next, flags }) => (
              <tr key={index} class={pending.includes(index) ? 'open' : undefined}>
                <th scope="row">{index}</th>
                <td>
                  <code>{hex(address)}</code>
                </td>
                <td class="number">{bytes}</td>
                <td>{flags.join(' ')}</td>
                <td class="number">{flags.includes('NEXT') || packed ? next : ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </section>
  );
}

/** Entries of the available ring: those between the two indices are open. */
function Strip({ queue }: { readonly queue: Queue }) {
  const { size, availIdx, usedIdx, pending } = queue;
  const width = 640 / size;
  const isOpen = (entry: number): boolean =>
    (entry - (usedIdx % size) + size) % size < pending.length;
  const mark = (idx: number): number => ((idx % size) + 0.5) * width;
  return (
    <svg
      viewBox="0 0 640 44"
      class="strip"
      role="img"
      aria-label={`Entries from used ${usedIdx} to available ${availIdx} are open, of ${size}`}
    >
      {Array.from({ length: size }, (_, entry) => (
        <rect
          key={entry}
          {...{ x: entry * width, y: 14, height: 14 }}
          width={Math.max(width - 1, 0.5)}
          class={isOpen(entry) ? 'full' : 'all'}
        />
      ))}
      <text x={mark(availIdx)} y={11} class="tail">
        ▾ avail
      </text>
      <text x={mark(usedIdx)} y={40} class="head">
        ▴ used
      </text>
    </svg>
  );
}
