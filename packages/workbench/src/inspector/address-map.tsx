/** What answers at which address, drawn from 0 upwards. */
import { bytes } from '../quantity.ts';
import { blocksOf, type AddressMap, type AddressRange } from './address-layout.ts';
import { hex } from './text.ts';

const kinds: Readonly<Record<AddressRange['kind'], string>> = {
  ram: 'RAM',
  mapped: 'mapped: no exit',
  shared: "shared: the host's memory stands for it, no exit",
  trapped: 'trapped: each access exits',
  doorbell: 'doorbell: a store wakes who serves it',
};

export function AddressMapView({ map }: { readonly map: AddressMap }) {
  const isHost = map.guest < 0;
  return (
    <figure class="addresses">
      <figcaption>
        {isHost ? "The host's addresses" : `Guest-physical addresses of guest ${map.guest}`}
      </figcaption>
      <ol>
        {blocksOf(map).map(({ range, base, size, lines }) => (
          <li
            key={base}
            class={range === undefined ? 'gap' : `range ${range.kind}`}
            style={`min-height: ${lines}lh`}
          >
            <code>{hex(base)}</code>
            {range === undefined ? (
              <span>nothing answers</span>
            ) : (
              <>
                <strong>{range.name}</strong>
                <span>{bytes(size)}</span>
                {range.kind !== 'ram' && !isHost && <span>{kinds[range.kind]}</span>}
                {range.leadsTo !== undefined && range.leadsTo !== base && (
                  <span>
                    leads to <code>{hex(range.leadsTo)}</code>
                  </span>
                )}
              </>
            )}
          </li>
        ))}
      </ol>
    </figure>
  );
}
