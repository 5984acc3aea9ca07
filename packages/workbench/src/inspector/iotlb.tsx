/** Translations that the host's IOMMU holds, the one that was used last first. */
import { bytes } from '../quantity.ts';
import type { Inspection } from '../machine/contract.ts';
import { New } from './changed.tsx';
import { Heads } from './heads.tsx';
import type { PaneProps } from './side-panes.tsx';
import { hex } from './text.ts';

type Entry = NonNullable<Inspection['iotlb']>[number];

export function Iotlb({ inspection, before }: PaneProps) {
  const { iotlb } = inspection;
  if (iotlb === undefined) {
    return <p class="none">It is read …</p>;
  }
  if (iotlb.length === 0) {
    return <p class="none">The IOTLB is empty.</p>;
  }
  const known = before?.iotlb && new Set(before.iotlb.map(keyOf));
  return (
    <table>
      <caption>
        {iotlb.length} {iotlb.length === 1 ? 'translation' : 'translations'}, the one used last
        first
      </caption>
      <Heads of={['#domain', 'IOVA', 'address', '#covers', 'may']} />
      <tbody>
        {iotlb.map((entry) => (
          <tr key={keyOf(entry)}>
            <td class="number">{entry.domain}</td>
            <td>
              <code>
                {known?.has(keyOf(entry)) === false && <New />}
                {hex(entry.iova)}
              </code>
            </td>
            <td>
              <code>{hex(entry.address)}</code>
            </td>
            <td class="number">{bytes(entry.bytes)}</td>
            <td>{[entry.read && 'read', entry.write && 'write'].filter(Boolean).join(', ')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function keyOf({ domain, iova, bytes: covers, address }: Entry): string {
  return `${domain} ${iova} ${covers} ${address}`;
}
