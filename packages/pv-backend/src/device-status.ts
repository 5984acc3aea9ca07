/** The device status (VIRTIO 1.3 §2.1) as a state machine. */
import { deviceStatus } from '@doorbell/abi';

const { ACKNOWLEDGE, DRIVER, FEATURES_OK, DRIVER_OK, DEVICE_NEEDS_RESET, FAILED } = deviceStatus;

/** How far a driver has come with a device, in the order of §3.1.1. */
const RESET = 0;
const FOUND = ACKNOWLEDGE;
const DRIVEN = FOUND | DRIVER;
const AGREED = DRIVEN | FEATURES_OK;
const LIVE = AGREED | DRIVER_OK;

/** Where each state leads, one step of §3.1.1 at a time; ACKNOWLEDGE and DRIVER may come together. */
const steps: ReadonlyMap<number, readonly number[]> = new Map([
  [RESET, [FOUND, DRIVEN]],
  [FOUND, [DRIVEN]],
  [DRIVEN, [AGREED]],
  [AGREED, [LIVE]],
  [LIVE, []],
]);

export type Transition =
  /** Writing 0 (§2.1.1). */
  | { readonly kind: 'reset' }
  /** Nothing new, or nothing that counts until the device is reset. */
  | { readonly kind: 'stay' }
  | { readonly kind: 'go'; readonly status: number }
  | { readonly kind: 'illegal'; readonly why: string };

const stay: Transition = { kind: 'stay' };

/** What a driver's write of `requested` does to a device whose status is `old`. */
export function transition(old: number, requested: number): Transition {
  if (requested === 0) {
    return { kind: 'reset' };
  }
  if (requested === old) {
    return stay;
  }
  // Only a reset helps; a driver may still say that it gives up.
  if ((old & (DEVICE_NEEDS_RESET | FAILED)) !== 0) {
    const given = old | (requested & FAILED);
    return given === old ? stay : { kind: 'go', status: given };
  }
  if (requested === (old | FAILED) || (steps.get(old)?.includes(requested) ?? false)) {
    return { kind: 'go', status: requested };
  }
  return {
    kind: 'illegal',
    why: `The driver wrote the status ${requested} when it was ${old} (VIRTIO 1.3 §2.1.1, §3.1.1).`,
  };
}
