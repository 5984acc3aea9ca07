/** What bell's scanout registers describe, of a saved state. */
import { bellRegisters, extract, MAX_SURFACE, PAGE_BYTES } from '@doorbell/abi';
import type { Picture } from '../../picture.ts';
import type { StackState } from '../../stacks/stack.ts';
import { readPages } from './pages.ts';
import { functionsOf, partOf } from './saved.ts';

/** Undefined: no GPU of the machine shows something. */
export function scanoutOf(state: StackState): Picture | undefined {
  const { SCANOUT_CONTROL, SCANOUT_SIZE } = bellRegisters.rows;
  for (const each of functionsOf(state)) {
    const part = partOf(each);
    if (part === undefined) {
      continue;
    }
    const value = (name: string): number =>
      part.registers[bellRegisters.names.findIndex((own) => own === name)];
    const size = value('SCANOUT_SIZE');
    const [width, height] = [SCANOUT_SIZE.bits.WIDTH, SCANOUT_SIZE.bits.HEIGHT].map((bits) =>
      extract(bits, size),
    );
    const isOn = extract(SCANOUT_CONTROL.bits.ENABLE, value('SCANOUT_CONTROL')) === 1;
    if (isOn && width > 0 && height > 0 && width <= MAX_SURFACE && height <= MAX_SURFACE) {
      const rows = Array.from({ length: height }, (_, y) =>
        readPages(
          part.vram,
          value('SCANOUT_PAGE') * PAGE_BYTES + y * value('SCANOUT_STRIDE'),
          width * 4,
        ),
      );
      const pixels = new Uint8Array(width * height * 4);
      rows.forEach((row, y) => {
        pixels.set(row, y * width * 4);
      });
      return { width, height, pixels };
    }
  }
  return undefined;
}
