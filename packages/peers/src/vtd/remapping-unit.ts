/** The driver of a VT-d remapping unit: what system software does with its registers. */
import { type Accessors, accessors, type Bdf, extract, type Mmio, place } from '@doorbell/abi';
import {
  faultRecord,
  granularity,
  iotlbRegisters,
  largePages,
  sagaw,
  vtdRegisters,
} from './registers.ts';

const { GCMD, GSTS, CAP_LO, CAP_HI, ECAP_LO, RTADDR_LO, CCMD_LO, CCMD_HI, FSTS } =
  vtdRegisters.rows;
const { IVA_LO, IOTLB_HI } = iotlbRegisters.rows;
/** Reads of a register until the unit has done what it was told. */
const MOST_READS = 1000;
const UNIT = 16;

export interface VtdCapabilities {
  /** Of page tables: 3, 4, or both. */
  readonly levels: readonly (3 | 4)[];
  /** Bits of a guest address. */
  readonly addressBits: number;
  /** In bytes. */
  readonly largestLeaf: 0x1000 | 0x20_0000 | 0x4000_0000;
  readonly faultRecords: number;
}

/** A fault as a record has it. */
export interface RecordedFault {
  readonly requester: Bdf;
  /** Of the page. */
  readonly iova: number;
  readonly write: boolean;
  readonly reason: number;
}

/** The unit did not do what it was told. */
export class VtdError extends Error {
  override readonly name = 'VtdError';
}

export class RemappingUnit {
  readonly capabilities: VtdCapabilities;
  private readonly registers: Accessors<typeof vtdRegisters.rows>;
  private readonly iotlb: Accessors<typeof iotlbRegisters.rows>;
  private readonly records: readonly Accessors<typeof faultRecord.rows>[];

  /** @param mmio  the unit's registers. @throws VtdError when none answers. */
  constructor(mmio: Mmio) {
    this.registers = accessors(vtdRegisters, mmio);
    const version = this.registers.VER.read();
    if (extract(vtdRegisters.rows.VER.bits.MAJOR, version) === 0 || version > 0xff) {
      throw new VtdError(`No remapping unit answers: its version reads 0x${version.toString(16)}.`);
    }
    const low = this.registers.CAP_LO.read();
    const high = this.registers.CAP_HI.read();
    const first = extract(CAP_LO.bits.FRO_LOW, low) + extract(CAP_HI.bits.FRO_HIGH, high) * 2 ** 8;
    const count = extract(CAP_HI.bits.NFR, high) + 1;
    this.capabilities = { ...decodeCapabilities(low, high), faultRecords: count };
    const iotlb = extract(ECAP_LO.bits.IRO, this.registers.ECAP_LO.read());
    this.iotlb = accessors(iotlbRegisters, mmio, iotlb * UNIT);
    this.records = Array.from({ length: count }, (_, index) =>
      accessors(faultRecord, mmio, (first + index) * UNIT),
    );
  }

  /** Takes a root table in legacy mode, and forgets all that was cached (§6.6). */
  setRoot(address: number): void {
    this.registers.RTADDR_LO.write(place(RTADDR_LO.bits.RTA, address / 2 ** 12));
    this.registers.RTADDR_HI.write(Math.floor(address / 2 ** 32));
    this.command(GCMD.bits.SRTP.mask, GSTS.bits.RTPS.mask);
    this.invalidateAll();
  }

  setTranslation(on: boolean): void {
    const mask = GSTS.bits.TES.mask;
    this.registers.GCMD.write(on ? GCMD.bits.TE.mask : 0);
    this.wait('GSTS.TES', () => ((this.registers.GSTS.read() & mask) !== 0) === on);
  }

  /** The context cache first: what the IOTLB is filled by (§6.5.3.1). */
  invalidateAll(): void {
    this.invalidateContexts(granularity.GLOBAL, 0, 0);
    this.invalidateIotlb(granularity.GLOBAL, 0);
  }

  invalidateFunction(requester: Bdf, domain: number): void {
    this.invalidateContexts(granularity.SELECTIVE, domain, requester);
    this.invalidateDomain(domain);
  }

  invalidateDomain(domain: number): void {
    this.invalidateIotlb(granularity.DOMAIN, domain);
  }

  /** 2^`mask` pages around an address. */
  invalidatePages(domain: number, iova: number, mask: number): void {
    this.iotlb.IVA_LO.write(((iova & IVA_LO.bits.ADDR.mask) | mask) >>> 0);
    this.iotlb.IVA_HI.write(Math.floor(iova / 2 ** 32));
    this.invalidateIotlb(granularity.SELECTIVE, domain);
  }

  /** Faults that were recorded, and whether others were lost. Clears them (§7.2.1). */
  takeFaults(): { readonly faults: readonly RecordedFault[]; readonly overflow: boolean } {
    const status = this.registers.FSTS.read();
    const faults: RecordedFault[] = [];
    const from = extract(FSTS.bits.FRI, status);
    for (let step = 0; step < this.records.length; step++) {
      const fault = takeRecord(this.records[(from + step) % this.records.length]);
      if (fault !== undefined) {
        faults.push(fault);
      }
    }
    const overflow = (status & FSTS.bits.PFO.mask) !== 0;
    if (overflow) {
      this.registers.FSTS.write(FSTS.bits.PFO.mask);
    }
    return { faults, overflow };
  }

  /** Whether faults are recorded. */
  get isPending(): boolean {
    return (this.registers.FSTS.read() & FSTS.bits.PPF.mask) !== 0;
  }

  private command(bits: number, done: number): void {
    const on = this.registers.GSTS.read() & GSTS.bits.TES.mask;
    this.registers.GCMD.write((on | bits) >>> 0);
    this.wait('GSTS', () => (this.registers.GSTS.read() & done) !== 0);
  }

  private invalidateContexts(extent: number, domain: number, requester: Bdf): void {
    const { DID, SID } = CCMD_LO.bits;
    this.registers.CCMD_LO.write((place(DID, domain) | place(SID, requester)) >>> 0);
    this.registers.CCMD_HI.write((CCMD_HI.bits.ICC.mask | place(CCMD_HI.bits.CIRG, extent)) >>> 0);
    this.wait('CCMD.ICC', () => (this.registers.CCMD_HI.read() & CCMD_HI.bits.ICC.mask) === 0);
  }

  private invalidateIotlb(extent: number, domain: number): void {
    const { DID, DR, DW, IIRG, IVT } = IOTLB_HI.bits;
    this.iotlb.IOTLB_LO.write(0);
    this.iotlb.IOTLB_HI.write(
      (IVT.mask | place(IIRG, extent) | DR.mask | DW.mask | place(DID, domain)) >>> 0,
    );
    this.wait('IOTLB.IVT', () => (this.iotlb.IOTLB_HI.read() & IVT.mask) === 0);
  }

  private wait(what: string, isDone: () => boolean): void {
    for (let reads = 0; reads < MOST_READS; reads++) {
      if (isDone()) {
        return;
      }
    }
    throw new VtdError(`The remapping unit did not answer by ${what}.`);
  }
}

function decodeCapabilities(low: number, high: number): Omit<VtdCapabilities, 'faultRecords'> {
  const widths = extract(CAP_LO.bits.SAGAW, low);
  const sizes = extract(CAP_HI.bits.SLLPS, high);
  const has2MiB = (sizes & largePages.MIB2) !== 0;
  const has1GiB = (sizes & largePages.GIB1) !== 0;
  return {
    levels: ([3, 4] as const).filter((levels) => (widths & sagaw[levels]) !== 0),
    addressBits: extract(CAP_LO.bits.MGAW, low) + 1,
    largestLeaf: has2MiB && has1GiB ? 0x4000_0000 : has2MiB ? 0x20_0000 : 0x1000,
  };
}

function takeRecord(record: Accessors<typeof faultRecord.rows>): RecordedFault | undefined {
  const { F, FR, T1 } = faultRecord.rows.STATUS.bits;
  const status = record.STATUS.read();
  if ((status & F.mask) === 0) {
    return undefined;
  }
  const fault = {
    requester: extract(faultRecord.rows.SOURCE.bits.SID, record.SOURCE.read()),
    iova: record.FI_HI.read() * 2 ** 32 + record.FI_LO.read(),
    write: (status & T1.mask) === 0,
    reason: extract(FR, status),
  };
  record.STATUS.write(F.mask);
  return fault;
}
