/** What lies under the pointer. */
import type { Catalogue } from '../machine/contract.ts';
import type { Pointed } from './gestures.ts';
import { detailsOf } from './summary.ts';
import type { Track } from './track.ts';

interface Props {
  readonly tracks: readonly Track[];
  readonly kinds: Catalogue['kinds'];
  readonly pointed: Pointed;
}

/** Pixels. */
const AWAY = 14;

/** Beside the pointer, towards the middle of the window. */
export function Tooltip({ tracks, kinds, pointed: { hit, x, y } }: Props) {
  const { kind, doc, rows } = detailsOf(tracks[hit.track], kinds, hit.id);
  const across = x > innerWidth / 2 ? { right: innerWidth - x + AWAY } : { left: x + AWAY };
  const down = y > innerHeight / 2 ? { bottom: innerHeight - y + AWAY } : { top: y + AWAY };
  return (
    <div class="tooltip" role="tooltip" style={{ ...across, ...down }}>
      <strong>{kind}</strong>
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p>{doc}</p>
      {hit.beside > 1 && <p>{hit.beside} events are here: zoom in to tell them apart.</p>}
    </div>
  );
}
