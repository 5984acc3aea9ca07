/** An application that never lets its GPU wait: draws of one length, some of them always queued. */
import { CommandEncoder, type Fence } from '@doorbell/abi';
import { identity } from '../../math.ts';
import { packVertices } from '../../mesh.ts';
import type { Scene } from '../../scene.ts';
import { fillOf, rgba, start } from '../../scenes/surface.ts';
import { setTarget, setTexture } from '../../scenes/target.ts';

/** Of the canvas that is drawn on, in pixels: wide, because the model draws long rows of one colour quickly. */
const WIDTH = 2048;
const HEIGHT = 32;
/** Submissions that the GPU has while the application makes the next. */
const AHEAD = 2;

/** A triangle that covers the canvas, in one colour. */
const vertices = packVertices({
  positions: Float32Array.of(-1, -1, 0.5, 3, -1, 0.5, -1, 3, 0.5),
  colors: Uint8Array.of(0x0a, 0x84, 0xff, 255, 0x0a, 0x84, 0xff, 255, 0x0a, 0x84, 0xff, 255),
  indices: new Uint32Array(0),
});

/**
 * A submission in each frame, made while the GPU has two before it. The picture on the screen
 * stays: to show what was drawn would be to wait for it.
 * @param layers  how often a draw covers the canvas: some 6.6 µs each with the engines that ship
 * @param draws  in a submission, each a packet of its own
 */
export function queuedDraws(layers: number, draws: number): Scene {
  const indices = Uint32Array.from({ length: 3 * layers }, (_, at) => at % 3);
  return {
    name: `queued ${draws}x${layers}`,
    doc: `${draws} draws of ${layers} layers of ${WIDTH}x${HEIGHT} pixels a frame, queued behind those of two frames before.`,

    async setup(gpu, { width, height }) {
      const picture = await gpu.createImage(width, height);
      const canvas = await gpu.createImage(WIDTH, HEIGHT);
      const mesh = await gpu.createBuffer(vertices.length + indices.byteLength, 'device');
      await gpu.write(mesh, 0, vertices);
      await gpu.write(mesh, vertices.length, new Uint8Array(indices.buffer));
      const slate = rgba(0x26, 0x32, 0x40);
      await gpu.wait(await gpu.submit(new CommandEncoder().fill(fillOf(picture, slate)).finish()));
      const commands = new CommandEncoder();
      setTarget(commands, canvas);
      setTexture(commands, undefined);
      commands.setTransform(identity, [0, 0, 0, 1]);
      for (let draw = 0; draw < draws; draw++) {
        commands.draw({
          vertices: start(mesh),
          vertexCount: 3,
          indices: { handle: mesh.handle, offset: vertices.length },
          indexCount: indices.length,
          flags: 0,
        });
      }
      const work = commands.finish();
      const fences: Fence[] = [];
      return {
        async frame() {
          fences.push(await gpu.submit(work));
          if (fences.length > AHEAD) {
            await gpu.wait(fences.shift()!);
          }
          await gpu.present(picture);
        },
        async close() {
          await gpu.destroy(mesh);
          await gpu.destroy(canvas);
          await gpu.destroy(picture);
        },
      };
    },
  };
}
