/**
 * What draws share, of one channel: the last packet of each kind that sets it. All zero at reset:
 * a target of no pixels.
 */
import { type CommandName, drawPackets, type Stateful } from '@doorbell/abi';
import { type Arguments, argumentsOf } from './packet.ts';

type Setter = CommandName & `set${string}`;
const setters: readonly Setter[] = [
  'setTarget',
  'setViewport',
  'setScissor',
  'setTexture',
  'setTransform',
];

/** Where each packet is kept. */
const places = {} as Record<Setter, number>;
let size = 0;
for (const name of setters) {
  places[name] = size;
  size += drawPackets[name].words;
}
const { setViewport, setTransform } = drawPackets;
const MATRIX = 16;
const LIGHT = 4;

export class RenderState implements Stateful<Uint32Array> {
  private readonly words = new Uint32Array(size);
  /** The same bits. */
  private readonly floats = new Float32Array(this.words.buffer);
  /** Views: x, y, width, height; 16 numbers, column by column; x, y, z, ambient. */
  readonly viewport = this.floatsOf('setViewport', setViewport.at.x, 4);
  readonly matrix = this.floatsOf('setTransform', setTransform.at.m0, MATRIX);
  readonly light = this.floatsOf('setTransform', setTransform.at.lightX, LIGHT);

  private floatsOf(name: Setter, word: number, length: number): Float32Array {
    const first = places[name] + word;
    return this.floats.subarray(first, first + length);
  }

  keep(name: Setter, packet: Uint32Array): void {
    this.words.set(packet.subarray(0, drawPackets[name].words), places[name]);
  }

  get<N extends Setter>(name: N): Arguments<N> {
    return argumentsOf(name, this.words, places[name]);
  }

  /** Whether there was such a packet since the reset. */
  has(name: Setter): boolean {
    return this.words[places[name]] !== 0;
  }

  reset(): void {
    this.words.fill(0);
  }

  save(): Uint32Array {
    return this.words.slice();
  }

  load(state: Uint32Array): void {
    this.words.set(state);
  }
}
