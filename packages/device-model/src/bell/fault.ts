/** A guest's mistake, on its way from where it was found to the channel's fault registers. */
import type { FaultName } from '@doorbell/abi';

export class Fault extends Error {
  override readonly name = 'Fault';
  readonly reason: FaultName;
  /** For FAULT_ADDRESS: the GPU virtual address, or the bad value. */
  readonly value: number;

  constructor(reason: FaultName, value: number) {
    super(`${reason} 0x${value.toString(16)}`);
    this.reason = reason;
    this.value = value;
  }
}

/** @throws Fault BAD_ARGUMENT unless `allowed`. */
export function check(allowed: boolean, value: number): void {
  if (!allowed) {
    throw new Fault('BAD_ARGUMENT', value);
  }
}
