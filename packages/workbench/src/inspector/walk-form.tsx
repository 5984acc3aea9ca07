/** Asks for a walk: whose tables, and an address. */
import { useState } from 'preact/hooks';
import type { Inspection, WalkQuery } from '../machine/contract.ts';
import { functionName, ownerName, parseNumber } from './text.ts';

type Walkable = NonNullable<Inspection['walks']>['walkable'];

interface FormProps {
  readonly walkable: Walkable;
  readonly onAsk: (query: WalkQuery) => void;
}

export function WalkForm({ walkable, onAsk }: FormProps) {
  const [chosen, setChosen] = useState(0);
  const [text, setText] = useState('0x1000');
  const tables = tablesOf(walkable);
  const table = tables.at(chosen) ?? tables.at(0);
  const address = parseNumber(text);
  if (table === undefined) {
    return <p class="none">There are no tables to walk: no channel is on, and no IOMMU.</p>;
  }
  return (
    <form
      class="wanted"
      onSubmit={(event) => {
        event.preventDefault();
        if (address !== undefined) {
          onAsk(table.query(address));
        }
      }}
    >
      <select
        aria-label="Whose tables"
        value={String(chosen)}
        onChange={({ currentTarget }) => {
          setChosen(Number(currentTarget.value));
        }}
      >
        {tables.map(({ label }, index) => (
          <option key={label} value={String(index)}>
            {label}
          </option>
        ))}
      </select>
      <input
        type="text"
        aria-label="Address"
        aria-invalid={address === undefined}
        title="A number, such as 0x1000 or 4096"
        value={text}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
        }}
      />
      <button type="submit" disabled={address === undefined}>
        Walk
      </button>
    </form>
  );
}

interface Table {
  readonly label: string;
  readonly query: (address: number) => WalkQuery;
}

function tablesOf({ channels, requesters, iommu }: Walkable): readonly Table[] {
  return [
    ...channels.map(({ guest, bdf, channel }): Table => ({
      label: `${ownerName(guest)} ${functionName(bdf)} channel ${channel}`,
      query: (address) => ({ kind: 'gpu', guest, bdf, channel, address }),
    })),
    ...(iommu ? requesters : []).map((requester): Table => ({
      label: `IOMMU for ${functionName(requester)}`,
      query: (address) => ({ kind: 'iommu', requester, address }),
    })),
  ];
}
