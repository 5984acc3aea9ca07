/** The device status, typed in from VIRTIO 1.3 §2.1, and the order of its steps, §3.1.1. */

export const statusBits = {
  ACKNOWLEDGE: 1,
  DRIVER: 2,
  DRIVER_OK: 4,
  FEATURES_OK: 8,
  NEEDS_RESET: 64,
  FAILED: 128,
} as const;

const { ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK } = statusBits;
const DRIVEN = ACKNOWLEDGE | DRIVER;
const AGREED = DRIVEN | FEATURES_OK;

/** From where to where; ACKNOWLEDGE and DRIVER may come together. */
const steps: readonly (readonly [from: number, to: number])[] = [
  [0, ACKNOWLEDGE],
  [0, DRIVEN],
  [ACKNOWLEDGE, DRIVEN],
  [DRIVEN, AGREED],
  [AGREED, AGREED | DRIVER_OK],
];

export function isStep(from: number, to: number): boolean {
  return steps.some(([before, after]) => before === from && after === to);
}
