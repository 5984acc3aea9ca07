/** What the display is like: GET_DISPLAY_INFO and GET_EDID (VIRTIO 1.3 §5.7.6.8). */
import { cutTo } from '../request.ts';
import { say, Script } from '../script.ts';

export function displayScript(): Script {
  const plain = say.displayInfo('all of it');
  const edid = say.edid('of the first', 0);
  return new Script()
    .send(plain)
    .send(...[0, 1, 23, 24, 100, 407].map((bytes) => withRoom(plain, [bytes])))
    .send(withRoom(plain, [600]), withRoom(plain, [4, 20, 384]), withRoom(plain, [1, 1, 406]))
    .send(edid, say.edid('of a second', 1), say.edid('of the last number', 0xffff_ffff))
    .send(withRoom(edid, [24]), withRoom(say.edid('of a second, 2', 1), [100]))
    .send(cutTo(edid, 24), cutTo(edid, 31));
}

/** The same request, with room for so many bytes in each of some descriptors; 0: without any. */
export function withRoom<R extends { readonly label: string }>(
  whole: R,
  bytes: readonly number[],
): R & { readonly room: readonly number[] } {
  const room = bytes.filter((size) => size > 0);
  return { ...whole, label: `${whole.label}, with room for ${bytes.join('+')} bytes`, room };
}
