/** A new renderer in a folder of its own, whose student has written `fill`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scaffold } from '@doorbell/coursework/node';

const rightly = `const words = new Uint32Array(this.resources.find(dst.handle).memory.buffer);
        for (let y = 0; y < height; y++) {
          const at = (dst.offset + y * stride) / 4;
          words.fill(value, at, at + width);
        }`;

/** @param body  what is done with dst, stride, width, height and value. */
export function fillingRenderer(folder: string, body = rightly): void {
  scaffold({ kind: 'renderer', name: 'mine', folder });
  const file = join(folder, 'src/renderer.ts');
  const text = readFileSync(file, 'utf8')
    .replace('CommandName[] = []', "CommandName[] = ['fill']")
    .replace(
      '      // case',
      `      case 'fill': {
        const { dst, stride, width, height, value } = command.arguments;
        ${body}
        break;
      }
      // case`,
    );
  writeFileSync(file, text);
}
