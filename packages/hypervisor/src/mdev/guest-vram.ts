/**
 * A guest's part of VRAM: its page p is the physical page `first` + p. The guest reaches it through
 * its aperture; the mediator reads what the guest wrote there.
 */
import { bellBars, PAGE_BYTES, type AccessWidth, type VramRange } from '@doorbell/abi';
import { VramWindow } from '@doorbell/device-model';
import type { HostBell } from '../host-bell/host-bell.ts';

export class GuestVram {
  readonly pages: number;
  /** The first page, counted in the whole VRAM. */
  readonly first: number;
  /** The bytes themselves. */
  readonly memory: VramWindow;
  private readonly bell: HostBell;

  /** @throws RangeError while the physical function does not decode its BARs. */
  constructor(bell: HostBell, { page, pages }: VramRange) {
    const whole = bell.endpoint.barMemory(bellBars.VRAM.index);
    if (whole === undefined) {
      throw new RangeError('The bell does not decode its VRAM.');
    }
    this.bell = bell;
    this.first = page;
    this.pages = pages;
    this.memory = new VramWindow(whole, page * PAGE_BYTES, pages * PAGE_BYTES);
  }

  get bytes(): number {
    return this.pages * PAGE_BYTES;
  }

  /** Where it is on the physical bus. */
  get busAddress(): number {
    const { address } = this.bell.host.bus.barAddress(this.bell.at, bellBars.VRAM.index);
    return address + this.first * PAGE_BYTES;
  }

  /** A load of the host's. The page is one of the guest's. */
  readPage(page: number, into: Uint8Array): void {
    this.bell.aperture.readBlock((this.first + page) * PAGE_BYTES, into);
  }

  /** A trapped store, done for the guest. */
  write(offset: number, width: AccessWidth, value: number): void {
    this.bell.aperture.write(this.first * PAGE_BYTES + offset, width, value);
  }

  /** A trapped load. */
  read(offset: number, width: AccessWidth): number {
    return this.bell.aperture.read(this.first * PAGE_BYTES + offset, width);
  }
}
