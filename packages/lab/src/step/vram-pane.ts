/** VRAM as lines of text: `vram [gpuN] [ADDRESS [BYTES]]`. */
import { InputError } from '../input-error.ts';
import type { StackState } from '../stacks/stack.ts';
import { functionText } from './event-text.ts';
import { dumpLines } from './inspect/hex-dump.ts';
import { vramsOf, type VramView } from './inspect/vram.ts';
import { parseNumber } from './pane-words.ts';

/** Bytes that are shown, unless it is said. */
const SHOWN = 256;
/** A line is 16 bytes, and nobody reads more than so many. */
const MOST = 2 ** 20;

const hex = (value: number): string => `0x${value.toString(16)}`;

/** @throws InputError */
export function showVram(state: StackState, words: readonly string[]): string[] {
  const gpus = vramsOf(state);
  const named = /^gpu\d+$/.test(words[0] ?? '');
  const [addressText = '0', bytesText, ...rest] = named ? words.slice(1) : words;
  const which = named ? Number(words[0].slice(3)) : 0;
  const gpu = gpus.at(which);
  if (gpu === undefined) {
    throw new InputError(noGpu(gpus.length, which));
  }
  if (rest.length > 0) {
    throw new InputError(`'${rest[0]}' is one word too many: vram [gpuN] [ADDRESS [BYTES]].`);
  }
  const address = parseNumber(addressText, 'address in VRAM');
  const bytes = bytesText === undefined ? shownFrom(gpu, address) : parseNumber(bytesText, 'size');
  checkRange(gpu, address, bytes);
  return [title(gpus, which), ...dumpLines(address, gpu.read(address, bytes))];
}

function noGpu(count: number, which: number): string {
  return count === 0
    ? 'There is no VRAM: this machine has no GPU of its own.'
    : `There is no gpu${which}: give ${count === 1 ? 'gpu0' : `gpu0 to gpu${count - 1}`}.`;
}

function shownFrom({ bytes }: VramView, address: number): number {
  return address >= bytes ? SHOWN : Math.min(SHOWN, bytes - address);
}

function checkRange({ bytes: size }: VramView, address: number, bytes: number): void {
  if (bytes === 0 || bytes > MOST) {
    throw new InputError(`${bytes} bytes cannot be shown: give 1 to ${hex(MOST)}.`);
  }
  if (address + bytes > size) {
    throw new InputError(
      `${hex(address)} (${bytes} bytes) lies beyond the VRAM, which ends at ${hex(size)}.`,
    );
  }
}

/** `host 01:00.0, 256 MiB of VRAM`; of several, which one. */
function title(gpus: readonly VramView[], which: number): string {
  const { guest, bdf, bytes } = gpus[which];
  const one = gpus.length === 1 ? '' : `gpu${which} of ${gpus.length}, `;
  return `${one}${functionText(guest, bdf)}, ${bytes / 2 ** 20} MiB of VRAM`;
}
