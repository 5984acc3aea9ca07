/** An answer in words: two answers are the same when their words are. */
import { ctrlHeader, gpuQueues, gpuResponses, viewOf } from '@doorbell/abi';
import { type Answer, UNTOUCHED } from './raw-gpu.ts';

const names = new Map<number, string>(
  Object.entries(gpuResponses).map(([name, type]) => [type, name]),
);
const TYPE_BYTES = 4;

/** Every byte that was written is in it. */
export function answerText({ used, bytes }: Answer, queue: number): string {
  if (used < 0) {
    return 'never answered';
  }
  const written = bytes.subarray(0, used);
  const beyond = bytes.subarray(used).every((byte) => byte === UNTOUCHED)
    ? ''
    : ', and more than that was written';
  const what = queue === gpuQueues.CONTROL ? responseText(written) : hex(written);
  return `${used} bytes${what === '' ? '' : ` ${what}`}${beyond}`;
}

function responseText(written: Uint8Array): string {
  if (written.length < TYPE_BYTES) {
    return hex(written);
  }
  const type = viewOf(written).getUint32(ctrlHeader.offsets.type, true);
  const rest = hex(written.subarray(TYPE_BYTES));
  return `${names.get(type) ?? `0x${type.toString(16)}`}${rest === '' ? '' : ` ${rest}`}`;
}

/** Without the zeros at its end. */
function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .replace(/(00)+$/, '');
}
