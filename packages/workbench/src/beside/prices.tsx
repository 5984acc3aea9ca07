/** "What if an exit were free?": the prices, and the ranking of all stacks under each profile. */
import { useState } from 'preact/hooks';
import { catalogue, change, price, ranking, state } from '../session/index.ts';
import { significant } from '../quantity.ts';
import { changed, fromSlider, STEPS, toSlider } from './price-scale.ts';
import { Ranking } from './ranking.tsx';

/** Costs that are named first: those that tell the ways apart. */
const first = [
  'exit.mmio',
  'exit.ioeventfd',
  'exit.interrupt',
  'exit.injection',
  'emulation.access',
  'iommu.walkLevel',
  'vfio.pinPage',
  'mdev.entry',
  'mdev.packet',
  'driver.wakeup',
  'driver.copyByte',
  'software.pixel',
] as const;

type Name = keyof Prices;
type Prices = NonNullable<typeof catalogue.value>['profiles'][number]['prices'];

export function Prices() {
  const [isAll, setAll] = useState(false);
  const all = catalogue.value;
  const profile = all?.profiles.find(({ name }) => name === state.value.profile);
  if (all === undefined || profile === undefined) {
    return <p>…</p>;
  }
  const names: readonly Name[] = isAll ? (Object.keys(all.costs) as Name[]) : first;
  const { prices, rank } = state.value;
  return (
    <>
      <h2>What if it cost something else?</h2>
      <p class="hint">
        A price is in nanoseconds, of the profile {profile.name}. What is changed runs again, and
        the ranking below follows.
      </p>
      <Ranking
        reports={ranking.value}
        wanted={rank.length > 0 ? rank : all.stacks.map(({ name }) => name)}
        profiles={all.profiles.map(({ name }) => name)}
        first={profile.name}
        isUsual={Object.keys(prices).length === 0}
      />
      <div class="prices">
        {names.map((name) => (
          <Price
            key={name}
            name={name}
            doc={all.costs[name]}
            usual={profile.prices[name]}
            value={prices[name] ?? profile.prices[name]}
          />
        ))}
      </div>
      <p class="buttons">
        <button type="button" onClick={() => setAll(!isAll)}>
          {isAll ? 'The important ones' : 'All prices'}
        </button>
        <button
          type="button"
          disabled={Object.keys(prices).length === 0}
          onClick={() => void price({})}
        >
          As they were
        </button>
        {rank.length > 0 && (
          <button type="button" onClick={() => change({ rank: [] })}>
            Rank each kind of stack
          </button>
        )}
      </p>
    </>
  );
}

interface PriceProps {
  readonly name: Name;
  readonly doc: string;
  readonly usual: number;
  readonly value: number;
}

function Price({ name, doc, usual, value }: PriceProps) {
  const [drawn, setDrawn] = useState<number | undefined>(undefined);
  const shown = drawn === undefined ? value : fromSlider(drawn, usual);
  return (
    <label class={`price ${value === usual ? '' : 'changed'}`} title={doc}>
      <span class="name">{name}</span>
      <output>{`${significant(shown)} ns`}</output>
      <input
        type="range"
        min={0}
        max={STEPS}
        step={1}
        value={toSlider(shown, usual)}
        aria-label={`${name}: ${doc}`}
        aria-valuetext={`${significant(shown)} nanoseconds`}
        onInput={(event) => setDrawn(Number(event.currentTarget.value))}
        onChange={(event) => {
          const ns = fromSlider(Number(event.currentTarget.value), usual);
          setDrawn(undefined);
          void price(changed(state.value.prices, name, ns, usual));
        }}
      />
      <span class="doc">{doc}</span>
    </label>
  );
}
