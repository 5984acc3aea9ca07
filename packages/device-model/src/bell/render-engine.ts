/** The 3D engine's packets: the state that they set, and draws. */
import { drawFlags } from '@doorbell/abi';
import type { BellCounts } from './counts.ts';
import { check, Fault } from './fault.ts';
import type { AddressSpace } from './mmu.ts';
import { Operand } from './operand.ts';
import { type Arguments, argumentsOf, extentOf } from './packet.ts';
import { packetChecks } from './packet-checks.ts';
import type { GpuMemory } from './range.ts';
import type { EngineRates } from './rates.ts';
import type { RenderState } from './render-state.ts';
import { type DrawResult, Renderer } from './renderer.ts';
import type { Surface } from './surface.ts';

/**
 * However fast the engine, a draw is stopped when it would take longer than WATCHDOG at this
 * many nanoseconds for each vertex, triangle and pixel: a guest cannot keep the host busy.
 */
const LEAST_PRICE = 0.1;

/** Whom the engine works for: a channel. */
export interface EngineClient extends AddressSpace {
  readonly render: RenderState;
}

/** Whether a draw tests or writes the depth of its target. */
export function drawUsesDepth(
  { flags }: Arguments<'draw'>,
  { depth }: Arguments<'setTarget'>,
): boolean {
  return depth !== 0 && (flags & ~drawFlags.CULL_BACK) !== 0;
}

export class RenderEngine {
  private readonly rates: EngineRates;
  private readonly counts: BellCounts;
  private readonly renderer: Renderer;
  private readonly color: Operand;
  private readonly depth: Operand;
  private readonly texels: Operand;
  private readonly vertices: Operand;
  private readonly indices: Operand;

  constructor(memory: GpuMemory, rates: EngineRates, counts: BellCounts) {
    this.rates = rates;
    this.counts = counts;
    this.renderer = new Renderer({
      vertex: Math.max(rates.vertex, LEAST_PRICE),
      triangle: Math.max(rates.triangle, LEAST_PRICE),
      pixel: Math.max(rates.pixel, LEAST_PRICE),
    });
    this.color = new Operand(memory);
    this.depth = new Operand(memory);
    this.texels = new Operand(memory);
    this.vertices = new Operand(memory);
    this.indices = new Operand(memory);
  }

  // ------------------------------------------------------------------------------ state

  /** @throws Fault BAD_ARGUMENT, and so do the others */
  setTarget(client: EngineClient, packet: Uint32Array): number {
    packetChecks.setTarget(argumentsOf('setTarget', packet));
    client.render.keep('setTarget', packet);
    return 0;
  }

  setViewport(client: EngineClient, packet: Uint32Array): number {
    client.render.keep('setViewport', packet);
    return 0;
  }

  setScissor(client: EngineClient, packet: Uint32Array): number {
    client.render.keep('setScissor', packet);
    return 0;
  }

  setTexture(client: EngineClient, packet: Uint32Array): number {
    packetChecks.setTexture(argumentsOf('setTexture', packet));
    client.render.keep('setTexture', packet);
    return 0;
  }

  setTransform(client: EngineClient, packet: Uint32Array): number {
    client.render.keep('setTransform', packet);
    return 0;
  }

  // ------------------------------------------------------------------------------ draw

  /** Gives nanoseconds; infinity when they became more than `limit`. @throws Fault */
  draw(client: EngineClient, packet: Uint32Array, limit: number): number {
    const values = argumentsOf('draw', packet);
    packetChecks.draw(values);
    check(client.render.has('setTarget'), 0);
    const target = client.render.get('setTarget');
    const texture = client.render.get('setTexture');
    const usesDepth = drawUsesDepth(values, target);
    this.map(client, values, target, texture, usesDepth);
    this.load(client, target, texture, usesDepth);
    return this.run(values, limit, usesDepth);
  }

  /** Everything is translated before anything is touched. */
  private map(
    client: EngineClient,
    values: Arguments<'draw'>,
    target: Arguments<'setTarget'>,
    texture: Arguments<'setTexture'>,
    usesDepth: boolean,
  ): void {
    this.vertices.map(client, values.vertices, extentOf('draw', 'vertices', values), false);
    this.indices.map(client, values.indices, extentOf('draw', 'indices', values), false);
    this.color.map(client, target.color, extentOf('setTarget', 'color', target), true);
    if (usesDepth) {
      this.depth.map(client, target.depth, extentOf('setTarget', 'depth', target), true);
    }
    if (texture.texels !== 0) {
      this.texels.map(client, texture.texels, extentOf('setTexture', 'texels', texture), false);
    }
  }

  /** Hands the client's state to the renderer. */
  private load(
    client: EngineClient,
    target: Arguments<'setTarget'>,
    texture: Arguments<'setTexture'>,
    usesDepth: boolean,
  ): void {
    const { renderer, color, depth, texels } = this;
    const { viewport, matrix, light } = client.render;
    const scissor = client.render.get('setScissor');
    const { width, height } = target;
    this.vertices.load();
    this.indices.load();
    color.load();
    let depths: Surface | undefined;
    if (usesDepth) {
      depth.load();
      depths = depth.surface(target.depthStride, width, height);
    }
    let texture2d: Surface | undefined;
    if (texture.texels !== 0) {
      texels.load();
      texture2d = texels.surface(texture.stride, texture.width, texture.height);
    }
    renderer.setTarget(color.surface(target.colorStride, width, height), depths);
    renderer.setTexture(texture2d, texture.filter);
    renderer.setViewport(viewport[0], viewport[1], viewport[2], viewport[3]);
    renderer.setScissor(scissor.x, scissor.y, scissor.width, scissor.height);
    renderer.setTransform(matrix, light[0], light[1], light[2], light[3]);
  }

  private run(values: Arguments<'draw'>, limit: number, usesDepth: boolean): number {
    const { vertices, indices } = this;
    const result = this.renderer.draw(
      {
        floats: vertices.floats,
        words: vertices.words,
        base: vertices.base,
        vertexCount: values.vertexCount,
        indices: indices.words,
        indexBase: indices.base,
        indexCount: values.indexCount,
        flags: values.flags,
      },
      limit,
    );
    if (result.pixels > 0) {
      this.color.store();
      if (usesDepth) {
        this.depth.store();
      }
    }
    const ns = this.account(result);
    if (result.badIndex >= 0) {
      throw new Fault('BAD_INDEX', indices.words[indices.base + result.badIndex]);
    }
    return result.aborted ? Infinity : ns;
  }

  private account({ vertices, triangles, pixels, pixelTime }: DrawResult): number {
    const { counts, rates } = this;
    counts.vertices += vertices;
    counts.triangles += triangles;
    counts.pixels += pixels;
    return vertices * rates.vertex + triangles * rates.triangle + pixelTime * rates.pixel;
  }
}
