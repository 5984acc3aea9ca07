/**
 * A model on a floor, turning, lit, with a soft shadow. Each frame: the backdrop is copied, the
 * shadow is drawn small and scaled up, the model is drawn at twice the size and scaled down.
 */
import {
  blends,
  type CommandBuffer,
  CommandEncoder,
  drawFlags,
  filters,
  type Gpu,
  type GpuBuffer,
  type GpuImage,
  INDEX_BYTES,
  MAX_INDICES,
  VERTEX_BYTES,
} from '@doorbell/abi';
import { type Matrix, multiply, rotationY, scaled, TAU, unrotate } from '../math.ts';
import { type Mesh, packVertices } from '../mesh.ts';
import type { Picture } from '../picture.ts';
import type { SceneContext, SceneRun } from '../scene.ts';
import { backdrop } from './backdrop.ts';
import { crop } from './camera.ts';
import { vertexColors } from './material.ts';
import { flattening, LIGHT, setStage, type Stage } from './stage.ts';
import { blitOf, copyOf, fillOf, rgba, start, upload, whole } from './surface.ts';
import { Swapchain } from './swapchain.ts';
import { centred } from './sweep.ts';
import { setTarget, setTexture } from './target.ts';

/** Frames of a whole turn, and the angle at which it begins. */
const PERIOD = 60;
const FIRST = 0.35;

const STRENGTH = 0.9;
const AMBIENT = 0.27;
const UNLIT = [0, 0, 0, 1];

const FAR = 0xffffff;
/** Transparent, in a colour between the model's and the floor's: at the model's edge both are mixed with it. */
const CLEAR = rgba(96, 104, 112, 0);
/** The texture that makes of any mesh its shadow: one dark texel, in part transparent. */
const SHADOW: Picture = { width: 1, height: 1, pixels: Uint8Array.of(10, 18, 44, 130) };
const NO_SHADOW = rgba(10, 18, 44, 0);
/** The shadow is drawn at the first of these parts of its size, halved down to the last, and doubled back up to the second. */
const SHADOW_PARTS = [2, 4, 8, 16];

/** The model's back faces are hidden by its front ones: no hole lets one look inside. */
const CLOSED = drawFlags.CULL_BACK | drawFlags.DEPTH_TEST | drawFlags.DEPTH_WRITE;
const OPEN = drawFlags.DEPTH_TEST | drawFlags.DEPTH_WRITE;

interface Resources {
  readonly swapchain: Swapchain;
  readonly backdrop: GpuImage;
  /** Vertices, then indices. */
  readonly mesh: GpuBuffer;
  readonly vertexCount: number;
  readonly indexCount: number;
  readonly flags: number;
  readonly color: GpuImage;
  readonly depth: GpuImage;
  /** The largest first. */
  readonly shadows: readonly GpuImage[];
  readonly shadowTexel: GpuImage;
  readonly texture: GpuImage | undefined;
}

/** `closed`: no one can look inside. */
export async function viewModel(
  gpu: Gpu,
  { width, height, texture }: SceneContext,
  model: Mesh,
  closed: boolean,
): Promise<SceneRun> {
  const mesh = { ...model, positions: centred(model.positions) };
  const stage = setStage(mesh, width, height);
  const resources = await makeResources(gpu, stage, mesh, texture, closed ? CLOSED : OPEN);
  return {
    async frame(index) {
      const image = await resources.swapchain.next();
      const turn = rotationY(FIRST + (TAU * index) / PERIOD);
      await resources.swapchain.present(drawFrame(image, turn, stage, resources));
    },
    close: () => closeResources(gpu, resources),
  };
}

async function makeResources(
  gpu: Gpu,
  { window, camera, sweep, model, shadow, scale }: Stage,
  mesh: Mesh,
  picture: Picture | undefined,
  flags: number,
): Promise<Resources> {
  const texture = mesh.uvs === undefined ? undefined : picture;
  const vertices = packVertices(mesh, vertexColors(mesh, -sweep.half, texture !== undefined));
  const shadows: GpuImage[] = [];
  for (const part of SHADOW_PARTS) {
    const [width, height] = [Math.ceil(shadow.width / part), Math.ceil(shadow.height / part)];
    shadows.push(await gpu.createImage(width, height));
  }
  return {
    swapchain: await Swapchain.create(gpu, window.width, window.height),
    backdrop: await upload(gpu, backdrop(camera, sweep, window.width, window.height)),
    mesh: await uploadMesh(gpu, vertices, mesh.indices),
    vertexCount: vertices.length / VERTEX_BYTES,
    indexCount: mesh.indices.length,
    flags,
    color: await gpu.createImage(scale * model.width, scale * model.height),
    depth: await gpu.createImage(scale * model.width, scale * model.height),
    shadows,
    shadowTexel: await upload(gpu, SHADOW),
    texture: texture && (await upload(gpu, texture)),
  };
}

async function uploadMesh(
  gpu: Gpu,
  vertices: Uint8Array,
  { buffer, byteOffset, byteLength }: Uint32Array,
): Promise<GpuBuffer> {
  const mesh = await gpu.createBuffer(vertices.length + byteLength, 'device');
  await gpu.write(mesh, 0, vertices);
  await gpu.write(mesh, vertices.length, new Uint8Array(buffer, byteOffset, byteLength));
  return mesh;
}

async function closeResources(gpu: Gpu, resources: Resources): Promise<void> {
  const { mesh, color, depth, shadows, shadowTexel, texture } = resources;
  for (const owned of [resources.backdrop, mesh, color, depth, ...shadows, shadowTexel, texture]) {
    if (owned !== undefined) {
      await gpu.destroy(owned);
    }
  }
  await resources.swapchain.close();
}

function drawFrame(
  image: GpuImage,
  turn: Matrix,
  stage: Stage,
  resources: Resources,
): CommandBuffer {
  const { color, shadows } = resources;
  const over = { filter: filters.BILINEAR, blend: blends.OVER };
  const commands = new CommandEncoder();
  commands.copy(copyOf(image, 0, 0, resources.backdrop, stage.window));
  drawShadow(commands, turn, stage, resources);
  commands.blit(blitOf(image, stage.shadow, shadows[1], whole(shadows[1]), over));
  drawLit(commands, turn, stage, resources);
  commands.blit(blitOf(image, stage.model, color, whole(color), over));
  return commands.finish();
}

/** The model pressed flat onto the floor; scaling its picture down and up again blurs it. */
function drawShadow(
  commands: CommandEncoder,
  turn: Matrix,
  { window, camera, sweep, shadow }: Stage,
  resources: Resources,
): void {
  const { shadows, shadowTexel } = resources;
  commands.fill(fillOf(shadows[0], NO_SHADOW));
  setTarget(commands, shadows[0]);
  setTexture(commands, shadowTexel);
  commands.setTransform(
    multiply(crop(shadow, window), camera.matrix, flattening(sweep), turn),
    UNLIT,
  );
  drawMesh(commands, resources, 0);
  const last = shadows.length - 1;
  for (let i = 1; i <= last; i++) {
    scale(commands, shadows[i - 1], shadows[i]);
  }
  for (let i = last; i > 1; i--) {
    scale(commands, shadows[i], shadows[i - 1]);
  }
}

function scale(commands: CommandEncoder, from: GpuImage, to: GpuImage): void {
  const how = { filter: filters.BILINEAR, blend: blends.NONE };
  commands.blit(blitOf(to, whole(to), from, whole(from), how));
}

function drawLit(
  commands: CommandEncoder,
  turn: Matrix,
  { window, camera, model }: Stage,
  resources: Resources,
): void {
  const { color, depth, texture } = resources;
  commands.fill(fillOf(color, CLEAR)).fill(fillOf(depth, FAR));
  setTarget(commands, color, depth);
  setTexture(commands, texture);
  // The light stays where it is in the room, so in the model it turns the other way.
  const light = unrotate(turn, scaled(LIGHT, STRENGTH));
  commands.setTransform(multiply(crop(model, window), camera.matrix, turn), [...light, AMBIENT]);
  drawMesh(commands, resources, resources.flags);
}

function drawMesh(
  commands: CommandEncoder,
  { mesh, vertexCount, indexCount }: Resources,
  flags: number,
): void {
  const indices = vertexCount * VERTEX_BYTES;
  for (let first = 0; first < indexCount; first += MAX_INDICES) {
    commands.draw({
      vertices: start(mesh),
      vertexCount,
      indices: { handle: mesh.handle, offset: indices + first * INDEX_BYTES },
      indexCount: Math.min(MAX_INDICES, indexCount - first),
      flags,
    });
  }
}
