/** The pointer (VIRTIO 1.3 §5.7.6.10): its queue says nothing but that a command was taken. */
import { gpuCommands, gpuQueues } from '@doorbell/abi';
import { cutTo, inPieces } from '../request.ts';
import type { Random } from '../../differential/random.ts';
import { type Arena, rect, say, Script } from '../script.ts';
import { withRoom } from './display.ts';

const ID = 40;
const SMALL = 41;
const SIDE = 64;
const HUGE = 0xffff_ffff;

export function cursorScript({ address }: Arena, random: Random): Script {
  const update = say.updateCursor('with room', ID);
  return new Script()
    .write(address, random.bytes(SIDE * SIDE * 4))
    .send(say.updateCursor('what is not there', ID), say.moveCursor('of nothing', 5, 5))
    .send(say.create('a pointer', ID, SIDE, SIDE, 1))
    .send(say.updateCursor('without a backing', ID))
    .send(say.attach('a pointer', ID, [{ address, bytes: SIDE * SIDE * 4 }]))
    .send(say.transfer('a pointer', ID, rect(0, 0, SIDE, SIDE)))
    .send(say.create('too small', SMALL, 32, 32, 1))
    .send(say.updateCursor('shown', ID, 0, 100, 50), say.updateCursor('too small', SMALL))
    .send(...[1, 16, HUGE].map((scanout) => say.updateCursor(`scanout ${scanout}`, ID, scanout)))
    .send(...[1, HUGE].map((scanout) => say.moveCursor(`scanout ${scanout}`, 1, 1, scanout)))
    .send(say.moveCursor('somewhere', 320, 240), say.moveCursor('far away', HUGE, HUGE))
    .send(withRoom(update, [24]), withRoom(update, [1, 99]))
    .send(withRoom(say.moveCursor('with room', 1, 1), [24]))
    .send(...[1, 23, 24, 55].map((bytes) => cutTo(say.updateCursor('', ID), bytes)))
    .send(inPieces(say.updateCursor('in pieces', ID), 7))
    .send({ ...say.displayInfo('on the wrong queue'), queue: gpuQueues.CURSOR })
    .send({ ...say.unref('on the wrong queue', ID), queue: gpuQueues.CURSOR })
    .send({ ...typed(0x302), label: 'an unknown command of the pointer' })
    .send(say.unref('the pointer', ID), say.updateCursor('hidden', 0))
    .send(say.unref('too small', SMALL));
}

/** A cursor command of another number. */
function typed(type: number): ReturnType<typeof say.moveCursor> {
  const whole = say.moveCursor('', 1, 1);
  const readable = whole.readable.map((bytes) => bytes.slice());
  const view = new DataView(readable[0].buffer);
  if (view.getUint32(0, true) !== gpuCommands.MOVE_CURSOR) {
    throw new Error('A command begins with its number.');
  }
  view.setUint32(0, type, true);
  return { ...whole, readable };
}
