/** The shapes of a function's BARs, and where they stand. */
import {
  type AccessWidth,
  BAR_COUNT,
  barOffset,
  type BarShape,
  decodeBar,
  type PciEndpoint,
} from '@doorbell/abi';

/** What a BAR register reads after all ones were written to it; what it held is put back. */
function sized(endpoint: PciEndpoint, index: number): number {
  const at = barOffset(index);
  const held = endpoint.configRead(at, 4);
  endpoint.configWrite(at, 4, 0xffffffff);
  const answer = endpoint.configRead(at, 4);
  endpoint.configWrite(at, 4, held);
  return answer;
}

/** By the sizing handshake (PCIe 6.0 §7.5.1.2.1); undefined: no BAR is there. */
export function barShapes(endpoint: PciEndpoint): readonly (BarShape | undefined)[] {
  const shapes: (BarShape | undefined)[] = [];
  while (shapes.length < BAR_COUNT) {
    const index = shapes.length;
    const high = index + 1 < BAR_COUNT ? sized(endpoint, index + 1) : 0;
    const shape = decodeBar(sized(endpoint, index), high);
    shapes.push(shape);
    if (shape?.is64 === true) {
      shapes.push(undefined);
    }
  }
  return shapes;
}

export interface BarPlace {
  readonly bar: number;
  readonly offset: number;
}

/** The BAR that has all of a range of bus addresses, by what configuration space says now. */
export function barAt(
  endpoint: PciEndpoint,
  shapes: readonly (BarShape | undefined)[],
  address: number,
  bytes: number,
): BarPlace | undefined {
  const read = (offset: number, width: AccessWidth): number => endpoint.configRead(offset, width);
  for (let bar = 0; bar < shapes.length; bar++) {
    const shape = shapes[bar];
    if (shape !== undefined) {
      const low = read(barOffset(bar), 4) - (read(barOffset(bar), 4) % 16);
      const base = low + (shape.is64 ? read(barOffset(bar + 1), 4) * 2 ** 32 : 0);
      if (address >= base && address + bytes <= base + shape.size) {
        return { bar, offset: address - base };
      }
    }
  }
  return undefined;
}
