/** Configuration space as `lspci -xxxx` prints it, and as `lspci -F FILE` reads it. */
import { CONFIG_BYTES } from '@doorbell/abi';

/** Names as pci.ids has them, by class and subclass. */
const classNames: ReadonlyMap<number, string> = new Map([
  [0x00ff, 'Unclassified device'],
  [0x0300, 'VGA compatible controller'],
  [0x0302, '3D controller'],
  [0x0380, 'Display controller'],
  [0x0403, 'Audio device'],
  [0x0600, 'Host bridge'],
  [0x0604, 'PCI bridge'],
]);

const ROW = 16;
const LEGACY_BYTES = 256;

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

/** `00:02.0 Display controller [0380]: Device [1234:be11] (rev 01)` */
function title(bdf: string, bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ids = `${hex(view.getUint16(0, true), 4)}:${hex(view.getUint16(2, true), 4)}`;
  const code = view.getUint16(0x0a, true);
  const name = classNames.get(code) ?? 'Class';
  const revision = bytes[0x08] === 0 ? '' : ` (rev ${hex(bytes[0x08], 2)})`;
  return `${bdf} ${name} [${hex(code, 4)}]: Device [${ids}]${revision}`;
}

/** Whether there is an extended capability: without one, reads give all ones or zeros there. */
function hasExtendedSpace(bytes: Uint8Array): boolean {
  const first = bytes.subarray(LEGACY_BYTES, LEGACY_BYTES + 4);
  return bytes.length === CONFIG_BYTES && first.some((byte) => byte !== 0 && byte !== 0xff);
}

/** @param bdf as lspci writes it, `00:02.0`. @param bytes 4096 of them. */
export function formatConfigSpace(bdf: string, bytes: Uint8Array): string {
  const length = hasExtendedSpace(bytes) ? CONFIG_BYTES : LEGACY_BYTES;
  const lines = [title(bdf, bytes)];
  for (let at = 0; at < length; at += ROW) {
    const row = Array.from(bytes.subarray(at, at + ROW), (byte) => hex(byte, 2));
    lines.push(`${hex(at, 2)}: ${row.join(' ')}`);
  }
  return lines.join('\n');
}
