/** What led to the event: from the application's call down to it. */
import { useEffect, useRef } from 'preact/hooks';
import { catalogue, go } from '../session/index.ts';
import type { Side } from '../machine/contract.ts';
import { eventParts } from './text.ts';
import type { PaneProps } from './side-panes.tsx';

export function Causes({ own, place, side }: PaneProps) {
  const current = useRef<HTMLLIElement>(null);
  useEffect(() => {
    current.current?.scrollIntoView({ block: 'nearest' });
  }, [place.at]);
  if (place.causes.length === 0) {
    return <p class="none">Nothing has happened yet.</p>;
  }
  const chain = [...place.causes].reverse();
  return (
    <ol class="chain">
      {chain.map(({ id, text }) => {
        const { time, kind, what } = eventParts(text);
        const actor = actorOf(own, id);
        return (
          <li
            key={id}
            ref={id === place.at ? current : null}
            class={actor}
            aria-current={id === place.at ? 'step' : undefined}
          >
            <button type="button" onClick={() => void go(side, id)}>
              <span class="actor">{actor}</span>
              <code class="kind">{kind}</code>
              <code class="what">{what}</code>
              <span class="time">
                #{id} {time}
              </span>
            </button>
          </li>
        );
      })}
    </ol>
  );
}

function actorOf({ columns }: Side, id: number): string {
  return catalogue.value?.kinds[columns.kinds[id - 1]]?.actor ?? '';
}
