/** What lies under the pointer. */
import type { Catalogue } from '../machine/contract.ts';
import type { Pointed } from './gestures.ts';
import { detailsOf } from './summary.ts';
import type { Track } from './lanes.ts';

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
  const isRight = x > innerWidth / 2;
  const isLow = y > innerHeight / 2;
  const place = {
    [isRight ? 'right' : 'left']: `${(isRight ? innerWidth - x : x) + AWAY}px`,
    [isLow ? 'bottom' : 'top']: `${(isLow ? innerHeight - y : y) + AWAY}px`,
  };
  return (
    <div class="tooltip" role="tooltip" style={place}>
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
      {hit.beside > 1 && <p>{hit.beside} events lie here: zoom in, or click again for the next.</p>}
    </div>
  );
}
