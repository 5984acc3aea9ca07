/** The GPU's own memory at this event, from an address on. */
import { useEffect, useState } from 'preact/hooks';
import { vramBytes } from '../session/index.ts';
import type { DumpRow, Inspection, VramQuery } from '../machine/contract.ts';
import { bytes as quantity } from '../quantity.ts';
import type { PaneProps } from './side-panes.tsx';
import { fixedHex, functionName, hex, ownerName, parseNumber } from './text.ts';

type Place = NonNullable<Inspection['vram']>[number];

/** Bytes that are shown at once. */
const SHOWN = 512;

interface Dumped {
  readonly query: VramQuery;
  readonly rows: readonly DumpRow[] | undefined;
}

export function Vram({ inspection, side }: PaneProps) {
  const { vram, event } = inspection;
  const [query, setQuery] = useState<VramQuery>({ gpu: 0, address: 0, bytes: SHOWN });
  const [dumped, setDumped] = useState<Dumped | undefined>(undefined);
  useEffect(() => {
    let isOver = false;
    const ask = async (): Promise<void> => {
      const rows = await vramBytes(side, query);
      if (!isOver) {
        setDumped({ query, rows });
      }
    };
    void ask();
    return () => {
      isOver = true;
    };
  }, [query, side, event]);
  if (vram === undefined) {
    return <p class="none">It is read …</p>;
  }
  const place = vram.at(query.gpu);
  if (place === undefined) {
    return <p class="none">This machine has no GPU with VRAM of its own.</p>;
  }
  return (
    <>
      <VramForm places={vram} query={query} onAsk={setQuery} />
      {dumped?.rows === undefined ? (
        dumped !== undefined && (
          <p class="none">
            {hex(dumped.query.address)} lies beyond the VRAM, which ends at {hex(place.bytes)}.
          </p>
        )
      ) : (
        <Rows rows={dumped.rows} />
      )}
    </>
  );
}

interface FormProps {
  readonly places: readonly Place[];
  readonly query: VramQuery;
  readonly onAsk: (query: VramQuery) => void;
}

function VramForm({ places, query, onAsk }: FormProps) {
  const [text, setText] = useState(hex(query.address));
  const address = parseNumber(text);
  const { bytes: end } = places[query.gpu];
  const go = (to: number): void => {
    setText(hex(to));
    onAsk({ ...query, address: to });
  };
  return (
    <form
      class="wanted"
      onSubmit={(event) => {
        event.preventDefault();
        if (address !== undefined) {
          onAsk({ ...query, address });
        }
      }}
    >
      <select
        aria-label="Whose VRAM"
        value={String(query.gpu)}
        onChange={({ currentTarget }) => {
          onAsk({ ...query, gpu: Number(currentTarget.value) });
        }}
      >
        {places.map(({ guest, bdf, bytes: size }, gpu) => (
          <option key={`${guest} ${bdf}`} value={String(gpu)}>
            {ownerName(guest)} {functionName(bdf)}, {quantity(size)}
          </option>
        ))}
      </select>
      <input
        type="text"
        aria-label="Address in VRAM"
        aria-invalid={address === undefined}
        title="A number, such as 0x1000 or 4096"
        value={text}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
        }}
      />
      <button type="submit" disabled={address === undefined}>
        Show
      </button>
      <button
        type="button"
        disabled={query.address === 0}
        onClick={() => {
          go(Math.max(0, query.address - SHOWN));
        }}
      >
        ◂ Before
      </button>
      <button
        type="button"
        disabled={query.address + SHOWN >= end}
        onClick={() => {
          go(query.address + SHOWN);
        }}
      >
        Behind ▸
      </button>
    </form>
  );
}

function Rows({ rows }: { readonly rows: readonly DumpRow[] }) {
  return (
    <table class="bytes">
      <caption>Bytes, in hexadecimal and as characters</caption>
      <tbody>
        {rows.flatMap(({ address, hex: values, text, repeats }) => [
          <tr key={address}>
            <th scope="row">
              <code>{fixedHex(address, 4)}</code>
            </th>
            {values.map((value, index) => (
              <td key={index}>
                <code>{value}</code>
              </td>
            ))}
            <td>
              <code>{text}</code>
            </td>
          </tr>,
          ...(repeats === 0
            ? []
            : [
                <tr key={`${address} repeats`}>
                  <th scope="row">*</th>
                  <td colSpan={values.length + 1}>
                    {repeats} more {repeats === 1 ? 'row' : 'rows'} of the same
                  </td>
                </tr>,
              ]),
        ])}
      </tbody>
    </table>
  );
}
