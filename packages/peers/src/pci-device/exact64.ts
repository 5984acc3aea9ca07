/** 64 bits as a number, for layouts of addresses and sizes. */
import type { Field } from '@doorbell/abi';

/** Exact below 2^53. What is more is too large for anything here, which a check of its range finds. */
export const exact64: Field<number> = {
  type: 'u64',
  size: 8,
  get: (view, at) => view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32,
  set: (view, at, value) => {
    view.setUint32(at, value >>> 0, true);
    view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
  },
};
