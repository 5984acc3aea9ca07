/** Configuration space of each function, and what answers at which address. */
import type { ConfigInspection } from '../machine/contract.ts';
import { AddressMapView } from './address-map.tsx';
import { Changed } from './changed.tsx';
import { configRows, type ConfigRow } from './config-bytes.ts';
import type { PaneProps } from './side-panes.tsx';
import { fixedHex, functionName, hex, ownerName } from './text.ts';

type Function = ConfigInspection['functions'][number];

export function Config({ inspection, before }: PaneProps) {
  const { config } = inspection;
  if (config === undefined) {
    return <p class="none">It is read …</p>;
  }
  const [host, ...guests] = config.maps;
  return (
    <>
      <div class="maps">
        {[...guests, host].map((map) => (
          <AddressMapView key={map.guest} map={map} />
        ))}
      </div>
      {config.functions.map((each) => (
        <FunctionView
          key={`${each.guest} ${each.bdf}`}
          own={each}
          was={before?.config?.functions.find(
            ({ guest, bdf }) => guest === each.guest && bdf === each.bdf,
          )}
        />
      ))}
    </>
  );
}

interface FunctionProps {
  readonly own: Function;
  readonly was: Function | undefined;
}

function FunctionView({ own, was }: FunctionProps) {
  const { guest, bdf, kind, bytes, capabilities } = own;
  return (
    <details class="function">
      <summary>
        {ownerName(guest)} <code>{functionName(bdf)}</code> {kind}
        <span class="time">
          {capabilities.length} {capabilities.length === 1 ? 'capability' : 'capabilities'}
        </span>
      </summary>
      {capabilities.map((capability) => (
        <table key={`${capability.isExtended ? 'x' : ''}${capability.offset}`}>
          <caption>
            <code>{fixedHex(capability.offset, capability.isExtended ? 2 : 1)}</code>{' '}
            {capability.isExtended ? 'extended capability' : 'capability'}: {capability.name}
          </caption>
          <tbody>
            {capability.registers.map(({ name, value, width, bits, doc }) => (
              <tr key={name} title={doc}>
                <th scope="row">
                  <code>{name}</code>
                </th>
                <td>
                  <code>{fixedHex(value, width)}</code>
                </td>
                <td class="fields">
                  {bits
                    .filter((field) => field.value !== 0)
                    .map((field) => (
                      <code key={field.name} title={field.doc}>
                        {field.name}={field.value}
                      </code>
                    ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ))}
      <Bytes rows={configRows(bytes, was?.bytes)} />
    </details>
  );
}

function Bytes({ rows }: { readonly rows: readonly ConfigRow[] }) {
  return (
    <table class="bytes">
      <caption>Bytes, without the lines that are all 0</caption>
      <tbody>
        {rows.map(({ offset, values, was }) => (
          <tr key={offset}>
            <th scope="row">
              <code>{hex(offset)}</code>
            </th>
            {values.map((value, index) => (
              <td key={index}>
                <code>
                  <Changed text={value} was={was?.[index]} />
                </code>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
