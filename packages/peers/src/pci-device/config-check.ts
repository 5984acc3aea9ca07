/** Whether a function on QEMU's bus is the model that is served there. */
import { type ConfigPort, pcieCapability } from '@doorbell/abi';
import type { PeerRun } from '../peer.ts';

/** Offset and size of a register. */
export type ConfigPlace = readonly [number, number];

const CONFIG_BYTES = 256;

/**
 * What QEMU shows of a PCI Express capability in place of the function's: on the root complex
 * itself there is no link, and an endpoint is an integrated one (PCIe 6.0 §7.5.3.2).
 */
export function linklessPlaces(at: number): readonly ConfigPlace[] {
  const { rows } = pcieCapability;
  return [
    rows.CAPABILITIES,
    rows.LINK_CAPABILITIES,
    rows.LINK_CONTROL,
    rows.LINK_STATUS,
    rows.LINK_CAPABILITIES_2,
    rows.LINK_CONTROL_2,
  ].map(({ offset, width }) => [at + offset, width]);
}

/** @param emulated  what QEMU answers by itself. */
export function checkConfig(
  run: Pick<PeerRun, 'check'>,
  name: string,
  shown: ConfigPort,
  model: Uint8Array | undefined,
  emulated: readonly ConfigPlace[] = [],
): void {
  const differs: string[] = [];
  let compared = 0;
  for (let at = 0; at < CONFIG_BYTES; at++) {
    if (!emulated.some(([from, bytes]) => at >= from && at < from + bytes)) {
      const seen = shown.read(at, 1);
      compared++;
      if (seen !== model?.[at]) {
        differs.push(`0x${at.toString(16)} is ${seen} and not ${model?.[at]}`);
      }
    }
  }
  const detail = differs.length === 0 ? `${compared} bytes` : differs.join(', ');
  run.check(`${name}: the model's configuration space`, differs.length === 0, detail);
}
