/** Rings: those of bell's channels, and virtqueues. */
import { ChannelRing } from './channel-ring.tsx';
import type { PaneProps } from './side-panes.tsx';
import { Virtqueue } from './virtqueue.tsx';

export function Rings({ inspection, before }: PaneProps) {
  const { rings, queues } = inspection;
  if (rings === undefined || queues === undefined) {
    return <p class="none">They are read …</p>;
  }
  return (
    <>
      {rings.length + queues.length === 0 && (
        <p class="none">No channel is on, and no virtqueue is set up.</p>
      )}
      {queues.map((queue) => (
        <Virtqueue
          key={`${queue.guest} ${queue.queue}`}
          queue={queue}
          was={before?.queues?.find(
            (each) => each.guest === queue.guest && each.queue === queue.queue,
          )}
        />
      ))}
      {rings.map((ring) => (
        <ChannelRing
          key={`${ring.guest} ${ring.bdf} ${ring.channel}`}
          ring={ring}
          was={before?.rings?.find(
            ({ guest, bdf, channel }) =>
              guest === ring.guest && bdf === ring.bdf && channel === ring.channel,
          )}
        />
      ))}
    </>
  );
}
