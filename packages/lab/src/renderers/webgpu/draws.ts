/**
 * The 3D engine: draws on one target are kept until something else is asked for, and then made by
 * one render pass between a load of the target and a store.
 */
import { drawFlags } from '@doorbell/abi';
import {
  boundViewport,
  check,
  drawUsesDepth,
  extentOf,
  meet,
  noBounds,
  packetChecks,
  screenRows,
  type Arguments as Fields,
  type Bounds,
  type RenderState,
} from '@doorbell/device-model';
import { Attachments } from './attachments.ts';
import type { Batch } from './batch.ts';
import { DrawPipelines } from './draw-pipelines.ts';
import { overlap, type Range } from './range.ts';
import { UNTEXTURED } from './shaders/draw.ts';
import { TILE } from './shaders/target.ts';
import { WORKGROUP } from './shaders/thread.ts';

/** Draws that are kept at most: they fit into one batch. */
const MOST_KEPT = 128;

type Target = Fields<'setTarget'>;

interface KeptDraw {
  readonly values: Fields<'draw'>;
  /** Of whole triangles. */
  readonly indexCount: number;
  /** As `drawFlags` has it; without a depth, none of depth. */
  readonly flags: number;
  readonly bounds: Bounds;
  readonly floats: readonly number[];
  readonly texture: readonly number[];
}

export class Draws {
  private readonly batch: Batch;
  private readonly memory: GPUBuffer;
  private readonly pipelines: DrawPipelines;
  private readonly attachments: Attachments;
  private kept: KeptDraw[] = [];
  /** Of the kept draws. */
  private target: Target | undefined;

  constructor(device: GPUDevice, memory: GPUBuffer, batch: Batch) {
    this.batch = batch;
    this.memory = memory;
    this.pipelines = new DrawPipelines(device, memory, batch.arguments.buffer);
    this.attachments = new Attachments(device, batch.kernels.texturesLayout);
  }

  // ------------------------------------------------------------------------------ keep

  /** @throws Fault */
  add(values: Fields<'draw'>, state: RenderState): void {
    packetChecks.draw(values);
    check(state.has('setTarget'), 0);
    const target = state.get('setTarget');
    const draw = keptDraw(values, state, target);
    if (draw.indexCount === 0) {
      return;
    }
    if (!sameTarget(target, this.target) || this.kept.length === MOST_KEPT) {
      this.flush();
    }
    // What is drawn is not in memory yet: whoever reads it there comes after it.
    const readsTarget = inputsOf(values, state).some((input) =>
      outputsOf(target).some((output) => overlap(input, output)),
    );
    if (readsTarget) {
      this.flush();
    }
    this.target = target;
    this.kept.push(draw);
    if (readsTarget) {
      this.flush();
    }
  }

  // ------------------------------------------------------------------------------ make

  /** Puts the kept draws into the batch. */
  flush(): void {
    const { kept, target, batch } = this;
    if (target === undefined) {
      return;
    }
    this.kept = [];
    this.target = undefined;
    batch.reserve(2 * kept.length + 2, kept.length);
    const slots = kept.map((draw) => this.check(draw));
    const visible = kept.filter(({ bounds }) => bounds.left < bounds.right);
    if (visible.length > 0) {
      this.render(target, kept, slots);
      this.store(target, visible);
    }
  }

  private check({ values, indexCount }: KeptDraw): number {
    const { batch } = this;
    const { indices, vertexCount } = values;
    const slot = batch.checks.add(indexCount);
    const pass = batch.kernel('checkIndices', [indices / 4, indexCount, vertexCount, slot]);
    pass.setBindGroup(1, batch.checks.group);
    pass.dispatchWorkgroups(Math.ceil(indexCount / WORKGROUP));
    return slot;
  }

  private render(target: Target, kept: readonly KeptDraw[], slots: readonly number[]): void {
    const { width, height } = target;
    const { descriptor } = this.attachments.reserve(width, height);
    const pass = this.batch.commands.beginRenderPass(descriptor);
    pass.setViewport(0, 0, width, height, 0, 1);
    this.load(pass, target);
    kept.forEach((draw, index) => {
      if (draw.bounds.left < draw.bounds.right) {
        this.draw(pass, draw, slots[index]);
      }
    });
    pass.end();
  }

  private load(pass: GPURenderPassEncoder, target: Target): void {
    pass.setPipeline(this.pipelines.load);
    pass.setBindGroup(0, this.pipelines.group, [this.batch.arguments.add(targetWords(target))]);
    pass.setScissorRect(0, 0, target.width, target.height);
    pass.draw(3);
  }

  private draw(pass: GPURenderPassEncoder, draw: KeptDraw, slot: number): void {
    const { values, flags, bounds, floats, texture } = draw;
    const { batch, memory, pipelines } = this;
    const { left, top, right, bottom } = bounds;
    pass.setPipeline(pipelines.draw(flags));
    pass.setBindGroup(0, pipelines.group, [batch.arguments.add(texture, floats)]);
    pass.setScissorRect(left, top, right - left, bottom - top);
    pass.setVertexBuffer(0, memory, values.vertices, extentOf('draw', 'vertices', values));
    pass.setIndexBuffer(memory, 'uint32', values.indices, extentOf('draw', 'indices', values));
    pass.drawIndexedIndirect(batch.checks.buffer, batch.checks.offsetOf(slot));
  }

  /** Only what may have been drawn. */
  private store(target: Target, visible: readonly KeptDraw[]): void {
    const { batch } = this;
    const { width, height } = target;
    const all = visible.map(({ bounds }) => bounds);
    const left = Math.min(...all.map((each) => each.left));
    const top = Math.min(...all.map((each) => each.top));
    const right = Math.max(...all.map((each) => each.right));
    const bottom = Math.max(...all.map((each) => each.bottom));
    const writesDepth = visible.some(({ flags }) => (flags & drawFlags.DEPTH_WRITE) !== 0);
    const stored = writesDepth ? target : { ...target, depth: 0 };
    const words = [...targetWords(stored), left, top, right, bottom];
    const pass = batch.kernel('store', words);
    pass.setBindGroup(1, this.attachments.reserve(width, height).group);
    pass.dispatchWorkgroups(Math.ceil((right - left) / TILE), Math.ceil((bottom - top) / TILE));
  }
}

function keptDraw(values: Fields<'draw'>, state: RenderState, target: Target): KeptDraw {
  const rows = new Float64Array(16);
  screenRows(rows, state.matrix, state.viewport);
  const texture = state.get('setTexture');
  const { texels, stride, width, height } = texture;
  const filter = texels === 0 ? UNTEXTURED : texture.filter;
  const usesDepth = drawUsesDepth(values, target);
  return {
    values,
    indexCount: values.indexCount - (values.indexCount % 3),
    flags: usesDepth ? values.flags : values.flags & drawFlags.CULL_BACK,
    bounds: boundsOf(state, target),
    floats: [...rows, ...state.light, target.width, target.height],
    texture: [texels / 4, stride / 4, width, height, filter],
  };
}

function boundsOf(state: RenderState, target: Target): Bounds {
  const [viewport, bounds] = [noBounds(), noBounds()];
  const [x, y, width, height] = state.viewport;
  boundViewport(viewport, x, y, width, height);
  const scissor = state.get('setScissor');
  meet(bounds, target, viewport, {
    ...{ left: scissor.x, right: scissor.x + scissor.width },
    ...{ top: scissor.y, bottom: scissor.y + scissor.height },
  });
  return bounds;
}

function sameTarget(one: Target, other: Target | undefined): boolean {
  const names = ['color', 'colorStride', 'depth', 'depthStride', 'width', 'height'] as const;
  return other !== undefined && names.every((name) => one[name] === other[name]);
}

function targetWords({ color, colorStride, depth, depthStride }: Target): number[] {
  return [color / 4, colorStride / 4, depth / 4, depthStride / 4];
}

function outputsOf(target: Target): readonly Range[] {
  const color = { address: target.color, bytes: extentOf('setTarget', 'color', target) };
  const depth = { address: target.depth, bytes: extentOf('setTarget', 'depth', target) };
  return target.depth === 0 ? [color] : [color, depth];
}

function inputsOf(values: Fields<'draw'>, state: RenderState): readonly Range[] {
  const texture = state.get('setTexture');
  return [
    { address: values.vertices, bytes: extentOf('draw', 'vertices', values) },
    { address: values.indices, bytes: extentOf('draw', 'indices', values) },
    { address: texture.texels, bytes: extentOf('setTexture', 'texels', texture) },
  ];
}
