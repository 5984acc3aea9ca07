/** Resources and what backs them, with all that can be wrong about either (VIRTIO 1.3 §5.7.6.8). */
import { gpuFormats } from '@doorbell/abi';
import { cutTo, type Piece, request } from '../request.ts';
import { type Arena, rect, say, Script } from '../script.ts';

const ID = 10;
const OTHER = 11;
const HUGE = 0xffff_ffff;
/** Of them the fourth is one too many. */
const FILLERS = [12, 13, 14, 15];
/** One more than a scatter list may have. */
const TOO_MANY = 16385;
const NOWHERE = 0xd000_0000;

const badFormats = [0, 5, 66, 69, 120, 122, 133, 135, 0x1000, HUGE];
const badSizes: readonly (readonly [number, number])[] = [
  [0, 0],
  [0, 16],
  [16, 0],
  [HUGE, HUGE],
  [0x1_0000, 0x1_0000],
  [0x8000, 0x8000],
];

export function creationScript(): Script {
  const script = new Script()
    .send(say.create('number 0', 0, 16, 16))
    .send(...badFormats.map((format) => say.create(`format ${format}`, ID, 16, 16, format)))
    .send(...badSizes.map(([w, h]) => say.create(`${w} by ${h}`, ID, w, h)))
    .send(cutTo(say.create('', ID, 16, 16), 39), say.unref('of what was cut', ID))
    .send(say.create('small', ID, 1, 1), say.create('the same number', ID, 32, 32))
    .send(say.create('the same number, no format', ID, 32, 32, 0))
    .send(say.unref('once', ID), say.unref('twice', ID), say.unref('number 0', 0))
    .send(say.unref('the last number', HUGE), cutTo(say.unref('', ID), 28));
  for (const [name, format] of Object.entries(gpuFormats)) {
    script.send(say.create(name, ID, 64, 48, format), say.unref(name, ID));
  }
  return script
    .send(say.create('the last number', HUGE, 20, 20), say.unref('the last number again', HUGE))
    .send(say.create('wider than 4096', ID, 4097, 16), say.unref('wider than 4096', ID))
    .send(...FILLERS.map((id) => say.create(`a quarter of the memory, ${id}`, id, 4096, 4096)))
    .send(say.create('what is left is less', ID, 4096, 4096), say.unref('nothing', ID))
    .send(say.create('a little is left', OTHER, 4096, 1000), say.unref('a little', OTHER))
    .send(...FILLERS.map((id) => say.unref(`a quarter of the memory, ${id}`, id)));
}

export function backingScript({ address }: Arena): Script {
  const one: Piece = { address, bytes: 64 * 64 * 4 };
  const pages = [3, 0, 2, 1].map((page) => ({ address: address + page * 4096, bytes: 4096 }));
  const many = Array.from({ length: TOO_MANY }, () => ({ address, bytes: 4 }));
  return new Script()
    .send(say.attach('of what is not there', ID, [one]), say.attach('number 0', 0, [one]))
    .send(say.detach('of what is not there', ID), say.detach('number 0', 0))
    .send(say.create('to back', ID, 64, 64))
    .send(say.detach('of what has none', ID))
    .send(say.attach('no entries', ID, []), say.attach('no entries, entries follow', ID, [one], 0))
    .send(say.detach('of no entries', ID))
    .send(say.attach('more than follow', ID, [one], 2))
    .send(say.attach('the last number of entries', ID, [one], HUGE))
    .send(say.attach('too many, one follows', ID, [one], TOO_MANY))
    .send(say.attach('too many', ID, many), say.attach('as many as may be', ID, many.slice(1)))
    .send(say.detach('of as many as may be', ID))
    .send(say.attach('an entry of no bytes', ID, [{ address, bytes: 0 }]))
    .send(say.attach('an entry of no bytes in between', ID, [one, { address, bytes: 0 }, one]))
    .send(say.detach('after entries of no bytes', ID))
    .send(say.attach('where no memory is', ID, [{ address: NOWHERE, bytes: 0x4000 }]))
    .send(say.attach('at the end of addresses', ID, [{ address: 2 ** 52 - 4096, bytes: 0x4000 }]))
    .send(say.attach('where no memory is, second', ID, [one, { address: NOWHERE, bytes: 0x4000 }]))
    .send(say.detach('after no memory', ID))
    .send(say.attach('one piece', ID, [one]), say.attach('twice', ID, pages))
    .send(say.attach('twice, no entries', ID, []), say.attach('twice, too many', ID, many))
    .send(say.detach('once', ID), say.detach('twice', ID))
    .send(say.attach('pages out of order', ID, pages))
    .send(cutTo(say.attach('', ID, [one]), 31), cutTo(say.detach('', ID), 31))
    .send(request('padding', 'RESOURCE_DETACH_BACKING', { resource_id: ID, padding: HUGE }))
    .send(say.attach('less than the picture', ID, pages.slice(0, 1)))
    .send(say.unref('with a backing', ID), say.transfer('after its end', ID, rect(0, 0, 1, 1)));
}
