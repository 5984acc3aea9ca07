/** Moving rectangles from the backing, within bounds and beyond (VIRTIO 1.3 §5.7.6.8). */
import { cutTo, inPieces } from '../request.ts';
import type { Random } from '../../differential/random.ts';
import { type Arena, type Rect, rect, say, Script } from '../script.ts';
import { withRoom } from './display.ts';

const ID = 20;
const WIDTH = 64;
const HEIGHT = 48;
const STRIDE = WIDTH * 4;
const BYTES = STRIDE * HEIGHT;
const HUGE = 0xffff_ffff;
const whole = rect(0, 0, WIDTH, HEIGHT);

/** Rectangles that are not within the picture. */
export const outside: readonly (readonly [string, Rect])[] = [
  ['one too wide', rect(0, 0, WIDTH + 1, HEIGHT)],
  ['one too high', rect(0, 0, WIDTH, HEIGHT + 1)],
  ['one too far right', rect(1, 0, WIDTH, HEIGHT)],
  ['one too far down', rect(0, 1, WIDTH, HEIGHT)],
  ['at the right edge', rect(WIDTH, 0, 1, 1)],
  ['at the lower edge', rect(0, HEIGHT, 1, 1)],
  ['x of the last number', rect(HUGE, 0, 1, 1)],
  ['y of the last number', rect(0, HUGE, 1, 1)],
  ['a sum that overflows in x', rect(HUGE, 0, 2, 1)],
  ['a sum that overflows in y', rect(0, HUGE, 1, 2)],
  ['a sum that overflows to within', rect(HUGE - 15, 0, 32, 32)],
  ['as wide as can be', rect(0, 0, HUGE, 1)],
  ['as high as can be', rect(0, 0, 1, HUGE)],
  ['as large as can be', rect(HUGE, HUGE, HUGE, HUGE)],
  ['no pixels beyond the right edge', rect(WIDTH + 1, 0, 0, 1)],
  ['no pixels beyond the lower edge', rect(0, HEIGHT + 1, 1, 0)],
];

/** Rectangles that are. */
export const inside: readonly (readonly [string, Rect])[] = [
  ['all', whole],
  ['one pixel', rect(7, 5, 1, 1)],
  ['the last pixel', rect(WIDTH - 1, HEIGHT - 1, 1, 1)],
  ['a row', rect(0, 3, WIDTH, 1)],
  ['a column', rect(9, 0, 1, HEIGHT)],
  ['rows', rect(0, 11, WIDTH, 17)],
  ['a part', rect(13, 17, 29, 23)],
  ['no columns', rect(5, 5, 0, 5)],
  ['no rows', rect(5, 5, 5, 0)],
  ['nothing', rect(0, 0, 0, 0)],
  ['nothing at the corner', rect(WIDTH, HEIGHT, 0, 0)],
];

export function transferScript({ address }: Arena, random: Random): Script {
  const script = new Script()
    .write(address, random.bytes(2 * BYTES))
    .send(say.transfer('to what is not there', ID, whole))
    .send(say.create('to fill', ID, WIDTH, HEIGHT))
    .send(say.transfer('without a backing', ID, whole))
    .send(say.transfer('without a backing, outside', ID, rect(0, 0, HUGE, 1)))
    .send(say.attach('of twice its size', ID, [{ address, bytes: 2 * BYTES }]))
    .send(...outside.map(([label, r]) => say.transfer(label, ID, r)))
    .send(say.scanout('to see it', 0, ID, whole));
  for (const [label, r] of inside) {
    script
      .send(say.transfer(label, ID, r), say.flush(`what was sent: ${label}`, ID, whole))
      .screens(`transfer of ${label}`);
  }
  for (const [label, r, offset] of offsets) {
    script
      .write(address, random.bytes(2 * BYTES))
      .send(say.transfer(`from ${label}`, ID, r, offset), say.flush(`from ${label}`, ID, whole))
      .screens(`transfer from ${label}`);
  }
  return script
    .send(cutTo(say.transfer('', ID, whole), 55), inPieces(say.transfer('all', ID, whole), 11))
    .send(withRoom(say.transfer('all', ID, whole), [0]))
    .send(say.flush('the last transfer', ID, whole))
    .screens('transfer in pieces')
    .send(say.unref('what was filled', ID))
    .screens('nothing after transfers');
}

const offsets: readonly (readonly [string, Rect, bigint])[] = [
  ['an offset of one row', whole, BigInt(STRIDE)],
  ['an odd offset', whole, 3n],
  ['the second half', whole, BigInt(BYTES)],
  ['its own place', rect(8, 8, 16, 16), BigInt(8 * STRIDE + 32)],
  ['the last pixel of the backing', rect(0, 0, 1, 1), BigInt(2 * BYTES - 4)],
  ['the last row of the backing', rect(0, 0, WIDTH, 1), BigInt(2 * BYTES - STRIDE)],
];

/** A backing that is too small for what is asked of it: what such devices do differs. */
export function shortBackingScript({ address }: Arena, random: Random): Script {
  return new Script()
    .write(address, random.bytes(2 * BYTES))
    .send(say.create('with less behind it', ID, WIDTH, HEIGHT))
    .send(say.attach('of half its size', ID, [{ address, bytes: BYTES / 2 }]))
    .send(say.transfer('half of which is there', ID, whole))
    .send(say.transfer('the half that is there', ID, rect(0, 0, WIDTH, HEIGHT / 2)))
    .send(say.transfer('all but a byte', ID, rect(0, 0, WIDTH, 1), BigInt(BYTES / 2 - STRIDE + 1)))
    .send(say.transfer('beyond the end', ID, rect(0, 0, 1, 1), BigInt(BYTES / 2)))
    .send(say.transfer('from 2^32', ID, rect(0, 0, 1, 1), 2n ** 32n))
    .send(say.transfer('from 2^63', ID, rect(0, 0, 1, 1), 2n ** 63n))
    .send(say.transfer('nothing from beyond the end', ID, rect(0, 0, 0, 0), BigInt(BYTES)))
    .send(say.unref('with less behind it', ID));
}
