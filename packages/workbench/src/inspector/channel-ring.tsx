/** A channel's ring: what the driver has written and the device has not read yet. */
import type { RingPlace } from '../machine/contract.ts';
import { Changed } from './changed.tsx';
import { arcPath, pointAt, type Circle } from './ring-shape.ts';
import { functionName, hex, ownerName } from './text.ts';

const circle: Circle = { x: 60, y: 60, radius: 40 };

interface RingProps {
  readonly ring: RingPlace;
  readonly was: RingPlace | undefined;
}

export function ChannelRing({ ring, was }: RingProps) {
  const { guest, bdf, channel, state, head, tail, size, packets, unread } = ring;
  return (
    <section class="ring">
      <h4>
        {ownerName(guest)} <code>{functionName(bdf)}</code> channel {channel}:{' '}
        <Changed text={state} was={was?.state} />
      </h4>
      <div class="drawn">
        <Drawing {...{ head, tail, size }} />
        <dl class="indices">
          <dt>HEAD</dt>
          <dd>
            <code>
              <Changed text={hex(head)} was={was && hex(was.head)} />
            </code>{' '}
            the device reads here
          </dd>
          <dt>TAIL</dt>
          <dd>
            <code>
              <Changed text={hex(tail)} was={was && hex(was.tail)} />
            </code>{' '}
            the driver writes here
          </dd>
          <dt>size</dt>
          <dd>
            <code>{hex(size)}</code> at GPU address <code>{hex(ring.base)}</code>
          </dd>
        </dl>
      </div>
      {packets.length === 0 && unread === '' && <p class="none">No packet is in it.</p>}
      {packets.length > 0 && (
        <table>
          <caption>Packets from HEAD to TAIL</caption>
          <tbody>
            {packets.map(({ address, name, opcode, words, fields }) => (
              <tr key={address}>
                <td>
                  <code>{hex(address)}</code>
                </td>
                <th scope="row">
                  <code>{name ?? `opcode ${hex(opcode)}`}</code>
                </th>
                <td class="fields">
                  {words.slice(1).map((word, index) => (
                    <code key={index}>
                      {fields[index] === undefined ? '' : `${fields[index]}=`}
                      {hex(word)}
                    </code>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {unread !== '' && <p class="none">Not all can be read: {unread}</p>}
    </section>
  );
}

function Drawing({ head, tail, size }: Pick<RingPlace, 'head' | 'tail' | 'size'>) {
  const part = (offset: number): number => (size === 0 ? 0 : offset / size);
  const mark = (offset: number, radius: number) => pointAt({ ...circle, radius }, part(offset));
  const [headX, headY] = mark(head, 27);
  const [tailX, tailY] = mark(tail, 53);
  return (
    <svg
      viewBox="0 0 120 120"
      width="120"
      height="120"
      role="img"
      aria-label={`Head at ${hex(head)}, tail at ${hex(tail)}, of ${hex(size)}`}
    >
      <circle cx={circle.x} cy={circle.y} r={circle.radius} class="all" />
      <path d={arcPath(circle, part(head), part(tail))} class="full" />
      <text x={headX} y={headY} class="head">
        H
      </text>
      <text x={tailX} y={tailY} class="tail">
        T
      </text>
    </svg>
  );
}
