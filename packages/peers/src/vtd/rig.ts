/**
 * The same tables walked twice: by QEMU's intel-iommu when edu does DMA, and by our IOMMU model for
 * the same requests. Both see the same RAM.
 */
import { type Bdf, formatBdf, type MemoryBacking, PAGE_BYTES } from '@doorbell/abi';
import { type Domain, Iommu } from '@doorbell/hypervisor';
import type { Random } from '../differential/random.ts';
import type { Ledger } from '../differential/ledger.ts';
import type { QtestMachine } from '../qtest/machine.ts';
import { EduRequester } from './edu-requester.ts';
import { VTD_BASE, VTD_BYTES } from './registers.ts';
import { type RecordedFault, RemappingUnit } from './remapping-unit.ts';

/** Where mapped pages lie: so aligned that a page of 2 MiB may cover it. */
export const FIELD_BYTES = 0x20_0000;
/** Each domain maps it, for what goes to and from edu's buffer. */
const MAILBOX_IOVA = 0x8000_0000;

export class IommuRig {
  readonly iommu: Iommu;
  readonly unit: RemappingUnit;
  readonly memory: MemoryBacking;
  readonly edu: Bdf;
  /** The physical address of the field. */
  readonly field: number;
  readonly mailbox: number;
  /** Whether the mailbox can be reached as things are. */
  isWhole = true;
  private readonly ledger: Ledger;
  private readonly random: Random;
  private readonly requester: EduRequester;

  constructor(
    machine: QtestMachine,
    memory: MemoryBacking,
    edu: Bdf,
    ledger: Ledger,
    random: Random,
  ) {
    this.memory = memory;
    this.edu = edu;
    this.ledger = ledger;
    this.random = random;
    const ram = machine.memory;
    const some = ram.allocate(2 * FIELD_BYTES);
    this.field = Math.ceil(some / FIELD_BYTES) * FIELD_BYTES;
    memory.bytes.set(random.bytes(FIELD_BYTES), this.field);
    this.mailbox = ram.allocate(PAGE_BYTES);
    this.iommu = new Iommu({
      memory,
      pages: {
        allocatePage: () => ram.allocate(PAGE_BYTES),
        freePage: (address) => ram.free(address),
      },
      trace: { event: () => 0 },
      costs: { iotlbHit: 0, walkLevel: 0 },
    });
    this.unit = new RemappingUnit(machine.window(VTD_BASE, VTD_BYTES));
    this.requester = new EduRequester(machine.device(edu));
    this.unit.setRoot(this.iommu.rootTable);
    this.setTranslation(true);
  }

  setTranslation(on: boolean): void {
    this.unit.setTranslation(on);
    this.iommu.enabled = on;
  }

  /** A domain of edu's that reaches the mailbox and nothing else. */
  attachDomain(levels: 3 | 4): Domain {
    const { largestLeaf } = this.unit.capabilities;
    const domain = this.iommu.createDomain({ levels, largestLeaf });
    domain.table.map(MAILBOX_IOVA, this.mailbox, PAGE_BYTES, { read: true, write: true });
    this.iommu.attach(this.edu, domain);
    return domain;
  }

  detachDomain(domain: Domain): void {
    this.iommu.detach(this.edu);
    this.iommu.destroyDomain(domain);
    this.unit.invalidateFunction(this.edu, domain.id);
  }

  /** DMA from memory: what arrives, and the fault. */
  read(where: string, iova: number, bytes: number): void {
    const { ledger, memory } = this;
    const expected = new Uint8Array(bytes); // QEMU’s edu gets zeros for what is refused
    this.translate(iova, bytes, false, (physical, at, length) =>
      expected.set(memory.bytes.subarray(physical, physical + length), at),
    );
    this.requester.read(iova, bytes);
    this.compareFaults(where);
    ledger.compare(`${where}: what was read`, hex(expected), hex(this.takeOut(bytes)));
  }

  /** DMA to memory: what all of the field then holds, and the fault. */
  write(where: string, iova: number, bytes: number): void {
    const { ledger, memory, field } = this;
    const data = this.random.bytes(bytes);
    this.putIn(data);
    const seen = memory.bytes.subarray(field, field + FIELD_BYTES);
    const expected = seen.slice();
    this.translate(iova, bytes, true, (physical, at, length) => {
      if (physical >= field && physical + length <= field + FIELD_BYTES) {
        expected.set(data.subarray(at, at + length), physical - field);
      }
    });
    this.requester.write(iova, bytes);
    this.compareFaults(where);
    const isEqual = Buffer.compare(expected, seen) === 0;
    ledger.compare(`${where}: memory`, 'as translated', isEqual ? 'as translated' : 'otherwise');
    if (!isEqual) {
      seen.set(expected);
    }
  }

  /** Whether tables lead where they were asked to: ours reads them as QEMU does. */
  compareMapped(iova: number, write: boolean, physical: number): void {
    const { iommu, ledger, edu } = this;
    ledger.compare(
      'where tables lead, mapped and walked',
      physical,
      iommu.translate(edu, iova, write),
    );
    iommu.clearFaults();
  }

  /** What is recorded now; both logs are empty then. */
  compareFaults(where: string): void {
    const [ours] = this.iommu.faults();
    this.iommu.clearFaults();
    const [theirs] = this.unit.takeFaults().faults;
    this.ledger.compare(`${where}: fault`, faultText(ours), faultText(theirs));
  }

  /** How many faults each recorded; both logs are empty then. */
  compareFaultCounts(where: string): void {
    const ours = this.iommu.faults().length;
    this.iommu.clearFaults();
    const { faults, overflow } = this.unit.takeFaults();
    const lost = overflow ? ', others lost' : '';
    this.ledger.compare(`${where}: faults`, `${ours}`, `${faults.length}${lost}`);
  }

  /** DMA of which only the faults matter. */
  request(iova: number): void {
    this.translate(iova, 1, false, () => {});
    this.requester.read(iova, 1);
  }

  /** Calls back for each part of a transfer that our model lets through to memory. */
  private translate(
    iova: number,
    bytes: number,
    write: boolean,
    reached: (physical: number, at: number, length: number) => void,
  ): void {
    for (let at = 0, length; at < bytes; at += length) {
      length = Math.min(bytes - at, PAGE_BYTES - ((iova + at) % PAGE_BYTES));
      const physical = this.iommu.translate(this.edu, iova + at, write);
      if (physical >= 0 && physical + length <= this.memory.size) {
        reached(physical, at, length);
      }
    }
  }

  private putIn(data: Uint8Array): void {
    this.memory.bytes.set(data, this.mailbox);
    this.throughMailbox((address) => this.requester.read(address, data.length));
  }

  private takeOut(bytes: number): Uint8Array {
    this.throughMailbox((address) => this.requester.write(address, bytes));
    return this.memory.bytes.slice(this.mailbox, this.mailbox + bytes);
  }

  private throughMailbox(transfer: (address: number) => void): void {
    if (this.isWhole) {
      transfer(MAILBOX_IOVA);
      return;
    }
    this.unit.setTranslation(false);
    transfer(this.mailbox);
    this.unit.setTranslation(true);
  }
}

function faultText(fault: RecordedFault | undefined): string {
  if (fault === undefined) {
    return 'none';
  }
  const { reason, requester, iova, write } = fault;
  const kind = write ? 'write' : 'read';
  return `reason 0x${reason.toString(16)}, ${formatBdf(requester)}, ${kind} of 0x${iova.toString(16)}`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
