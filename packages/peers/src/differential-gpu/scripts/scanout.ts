/** What is on the screen, and what is refused to be (VIRTIO 1.3 §5.7.6.8). */
import { gpuFormats } from '@doorbell/abi';
import { cutTo } from '../request.ts';
import type { Random } from '../../differential/random.ts';
import { type Arena, type Rect, rect, say, Script } from '../script.ts';
import { inside, outside } from './transfer.ts';

const ID = 30;
const OTHER = 31;
const WIDTH = 64;
const HEIGHT = 48;
const BYTES = WIDTH * HEIGHT * 4;
const HUGE = 0xffff_ffff;
const whole = rect(0, 0, WIDTH, HEIGHT);
const nothing = rect(0, 0, 0, 0);

/** A picture with pixels in it. */
function picture(script: Script, id: number, address: number, r: Rect, format?: number): Script {
  const label = `picture ${id} of format ${format ?? 2}`;
  return script
    .send(say.create(label, id, r.width, r.height, format))
    .send(say.attach(label, id, [{ address, bytes: r.width * r.height * 4 }]))
    .send(say.transfer(label, id, r));
}

/** Every format, shown: whole, and a part of it. */
export function formatScript({ address }: Arena, random: Random): Script {
  const script = new Script();
  for (const [name, format] of Object.entries(gpuFormats)) {
    script.write(address, random.bytes(BYTES));
    picture(script, ID, address, whole, format)
      .send(say.scanout(name, 0, ID, whole), say.flush(name, ID, whole))
      .screens(name)
      .send(say.scanout(`${name}, a part`, 0, ID, rect(16, 8, 32, 24)))
      .send(say.flush(`${name}, a part`, ID, whole))
      .screens(`${name}, a part`)
      .send(say.unref(`${name}, shown`, ID))
      .screens(`${name}, gone`);
  }
  return script;
}

const badScanouts: readonly (readonly [string, Rect])[] = [
  ['no pixels', nothing],
  ['15 wide', rect(0, 0, 15, 16)],
  ['15 high', rect(0, 0, 16, 15)],
  ['one pixel', rect(3, 3, 1, 1)],
  ...outside,
];

export function scanoutScript({ address }: Arena, random: Random): Script {
  const script = new Script()
    .write(address, random.bytes(2 * BYTES))
    .send(say.scanout('what is not there', 0, ID, whole))
    .send(...[1, 15, 16, HUGE].map((index) => say.scanout(`scanout ${index}`, index, ID, whole)))
    .send(...[1, 16].map((index) => say.scanout(`scanout ${index}, off`, index, 0, nothing)))
    .send(say.scanout('off, which it is', 0, 0, nothing), say.scanout('off', 0, 0, whole))
    .send(say.create('without pixels', ID, WIDTH, HEIGHT))
    .send(say.scanout('without a backing', 0, ID, whole), say.scanout('off, 2', 0, 0, nothing))
    .send(say.scanout('without a backing, 15 wide', 0, ID, rect(0, 0, 15, 16)))
    .send(say.unref('without pixels', ID));
  picture(script, ID, address, whole)
    .send(...badScanouts.map(([label, r]) => say.scanout(label, 0, ID, r)))
    .screens('after what was refused')
    .send(say.scanout('the least', 0, ID, rect(48, 32, 16, 16)), say.flush('the least', ID, whole))
    .screens('the least scanout')
    .send(say.scanout('all', 0, ID, whole), say.flush('all of it', ID, whole))
    .screens('all')
    .send(...outside.map(([label, r]) => say.flush(label, ID, r)))
    .send(...inside.map(([label, r]) => say.flush(label, ID, r)))
    .send(cutTo(say.scanout('', 0, ID, whole), 47), say.flush('number 0', 0, whole))
    .screens('after flushes');
  return switching(script, address);
}

function switching(script: Script, address: number): Script {
  const large = rect(0, 0, 80, 50);
  return picture(script, OTHER, address + BYTES / 2, rect(0, 0, 80, 36))
    .send(say.scanout('another', 0, OTHER, rect(16, 4, 64, 32)), say.flush('1', ID, whole))
    .send(say.flush('another', OTHER, rect(0, 0, 80, 36)))
    .screens('another picture')
    .send(say.scanout('too large', 0, OTHER, large))
    .screens('after another was refused')
    .send(say.scanout('a part of it', 0, OTHER, rect(8, 2, 40, 30)))
    .send(say.flush('a part of that', OTHER, rect(20, 10, 8, 8)))
    .screens('a part, of which a part was flushed')
    .send(say.scanout('the first again', 0, ID, whole), say.flush('the first again', ID, whole))
    .screens('the first again')
    .send(say.scanout('off, 3', 0, 0, nothing))
    .screens('off')
    .send(say.flush('while it is off', ID, whole))
    .screens('off, and flushed')
    .send(say.scanout('on again', 0, ID, whole), say.flush('on again', ID, whole))
    .screens('on again')
    .send(say.detach('while it is shown', ID), say.flush('without a backing', ID, whole))
    .screens('without a backing')
    .send(say.unref('which is not shown', OTHER))
    .screens('after another went')
    .send(say.unref('which is shown', ID), say.flush('what went', ID, whole))
    .screens('gone');
}

/** What is seen before anything is flushed: such devices differ. */
export function unflushedScript({ address }: Arena, random: Random): Script {
  const script = new Script().write(address, random.bytes(BYTES));
  return picture(script, ID, address, whole)
    .send(say.scanout('not flushed', 0, ID, whole))
    .screens('on the scanout, and not flushed')
    .send(say.flush('at first', ID, whole))
    .screens('flushed at first')
    .write(address, random.bytes(BYTES))
    .send(say.transfer('not flushed', ID, whole))
    .screens('transferred, and not flushed')
    .send(say.flush('in the end', ID, whole))
    .screens('flushed in the end')
    .send(say.unref('not flushed', ID));
}
