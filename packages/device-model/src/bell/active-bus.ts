/** The way to memory of the function whose packet runs: its requests carry its own requester ID. */
import type { BusMaster } from '@doorbell/abi';

export class ActiveBus implements BusMaster {
  private current: BusMaster;

  constructor(first: BusMaster) {
    this.current = first;
  }

  become(bus: BusMaster): void {
    this.current = bus;
  }

  read(address: number, into: Uint8Array): boolean {
    return this.current.read(address, into);
  }

  write(address: number, bytes: Uint8Array): boolean {
    return this.current.write(address, bytes);
  }

  takeLatency(): number {
    return this.current.takeLatency();
  }
}
