/** What lies under the pointer. */
import type { Catalogue } from '../machine/contract.ts';
import type { Pointed } from './gestures.ts';
import { detailsOf } from './summary.ts';
import type { Track } from './track.ts';

interface Props {
  readonly tracks: readonly Track[];
  readonly kinds: Catalogue['kinds'];
  readonly pointed: Pointed;
  readonly width: number;
}

const AWAY = 14;

export function Tooltip({ tracks, kinds, pointed: { hit, x, y }, width }: Props) {
  const { kind, doc, rows } = detailsOf(tracks[hit.track], kinds, hit.id);
  const isLeft = x > width / 2;
  const side = isLeft ? { right: `${width - x + AWAY}px` } : { left: `${x + AWAY}px` };
  return (
    <div class="tooltip" role="tooltip" style={{ ...side, top: `${y + AWAY}px` }}>
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
