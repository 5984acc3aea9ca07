/**
 * Takes messages straight to functions of the hypervisor: what VFIO's interrupt handler and
 * irqfd do between a physical interrupt and a guest. What that costs the guest is counted where
 * the guest is given the interrupt.
 */
import type { Irq, IrqMessage } from '@doorbell/abi';

/** Messages for APIC ID 1: the host's, not a driver's. */
export const ROUTED_ADDRESS = 0xfee01000;

export class MessageRouter implements Irq {
  private readonly targets: ((() => void) | undefined)[] = [];

  request(handler: () => void): IrqMessage {
    const free = this.targets.indexOf(undefined);
    const data = free < 0 ? this.targets.length : free;
    this.targets[data] = handler;
    return { address: ROUTED_ADDRESS, data };
  }

  release(message: IrqMessage): void {
    this.targets[message.data] = undefined;
  }

  signal(data: number): void {
    this.targets[data]?.();
  }

  /** Lines are not routed: an assigned function signals by messages. */
  requestLine(): void {
    throw new RangeError('INTx of an assigned device is not routed.');
  }

  releaseLine(): void {
    // Nothing was requested.
  }
}
