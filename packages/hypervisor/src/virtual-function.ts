/**
 * What a virtual function's own configuration space does not say, and its physical function's
 * SR-IOV capability does (PCI Express Base 6.0 §9.3.3): who it is, and where its BARs are.
 */
import {
  BAR_COUNT,
  type BarShape,
  type Bdf,
  decodeBar,
  extendedCapabilityOffset,
  extendedIds,
  type PciEndpoint,
  sriovCapability,
  type0Header,
  vfBarOffset,
} from '@doorbell/abi';

const { CONTROL, FIRST_VF_OFFSET, TOTAL_VFS, VF_DEVICE_ID, VF_STRIDE } = sriovCapability.rows;
const { VF_ENABLE, VF_MSE } = CONTROL.bits;

export interface VirtualFunctionOf {
  readonly physical: PciEndpoint;
  /** From 1 on. */
  readonly index: number;
}

/** Where the SR-IOV capability begins; 0 when the function has none. */
export function sriovOffset(endpoint: PciEndpoint): number {
  return extendedCapabilityOffset(
    (offset, width) => endpoint.configRead(offset, width),
    extendedIds.SRIOV,
  );
}

/** TotalVFs. */
export function totalVfs(physical: PciEndpoint): number {
  return physical.configRead(sriovOffset(physical) + TOTAL_VFS.offset, TOTAL_VFS.width);
}

/** The routing ID of virtual function `index` of the physical function at `at` (§9.2.1.2). */
export function vfRoutingId(at: Bdf, { physical, index }: VirtualFunctionOf): Bdf {
  const base = sriovOffset(physical);
  const first = physical.configRead(base + FIRST_VF_OFFSET.offset, FIRST_VF_OFFSET.width);
  const stride = physical.configRead(base + VF_STRIDE.offset, VF_STRIDE.width);
  return at + first + (index - 1) * stride;
}

/** Vendor and device ID, which the virtual function's own registers lack. */
export function vfIds({ physical }: VirtualFunctionOf): readonly [vendor: number, device: number] {
  const { VENDOR_ID } = type0Header.rows;
  return [
    physical.configRead(VENDOR_ID.offset, VENDOR_ID.width),
    physical.configRead(sriovOffset(physical) + VF_DEVICE_ID.offset, VF_DEVICE_ID.width),
  ];
}

/** VF BARs by index, of the size of one virtual function. They keep their addresses. */
export function vfBarShapes(physical: PciEndpoint): ReadonlyMap<number, BarShape> {
  const shapes = new Map<number, BarShape>();
  const control = sriovOffset(physical) + CONTROL.offset;
  const old = physical.configRead(control, CONTROL.width);
  // All ones in a BAR are an address, too: it must not be decoded meanwhile.
  physical.configWrite(control, CONTROL.width, old & ~VF_MSE.mask);
  for (let bar = 0; bar < BAR_COUNT; bar++) {
    const high = bar + 1 < BAR_COUNT ? probe(physical, bar + 1) : 0;
    const shape = decodeBar(probe(physical, bar), high);
    if (shape !== undefined) {
      shapes.set(bar, shape);
      bar += shape.is64 ? 1 : 0;
    }
  }
  physical.configWrite(control, CONTROL.width, old);
  return shapes;
}

function probe(physical: PciEndpoint, bar: number): number {
  const at = sriovOffset(physical) + vfBarOffset(bar);
  const old = physical.configRead(at, 4);
  physical.configWrite(at, 4, 0xffff_ffff);
  const read = physical.configRead(at, 4);
  physical.configWrite(at, 4, old);
  return read;
}

/** VF n's BAR is n - 1 sizes behind the first's. */
export function vfBarAddress(
  { physical, index }: VirtualFunctionOf,
  bar: number,
  shape: BarShape,
): number {
  const at = sriovOffset(physical) + vfBarOffset(bar);
  const low = (physical.configRead(at, 4) & ~0xf) >>> 0;
  const base = shape.is64 ? physical.configRead(at + 4, 4) * 2 ** 32 + low : low;
  return base + (index - 1) * shape.size;
}

/** Gives the BAR of all virtual functions an address. */
export function placeVfBar(
  physical: PciEndpoint,
  bar: number,
  shape: BarShape,
  address: number,
): void {
  const at = sriovOffset(physical) + vfBarOffset(bar);
  physical.configWrite(at, 4, address % 2 ** 32);
  if (shape.is64) {
    physical.configWrite(at + 4, 4, Math.floor(address / 2 ** 32));
  }
}

/** Whether virtual functions answer at their BARs: VF Enable and VF MSE. */
export function vfsDecode(physical: PciEndpoint): boolean {
  const at = sriovOffset(physical) + CONTROL.offset;
  const both = VF_ENABLE.mask | VF_MSE.mask;
  return (physical.configRead(at, CONTROL.width) & both) === both;
}
