/** Indexed triangles: the check of their indices, the vertex stage, and the colour of a pixel. */
import { filters } from '@doorbell/abi';
import { color } from './color.ts';
import { thread, WORKGROUP } from './thread.ts';

/** A texture's filter, where there is no texture. */
export const UNTEXTURED = filters.BILINEAR + 1;

/** Words of a draw's arguments as \`drawIndexedIndirect\` takes them, and room to spare. */
export const INDIRECT_WORDS = 8;

/** An index without a vertex ends the draw before its triangle. */
export const checkIndices = /* wgsl */ `
struct Check { indices: u32, indexCount: u32, vertexCount: u32, slot: u32 }
@group(0) @binding(0) var<storage, read_write> memory: array<u32>;
@group(0) @binding(1) var<uniform> args: Check;
@group(1) @binding(0) var<storage, read_write> indirect: array<atomic<u32>>;
${thread}
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let at = threadOf(group, groups, local);
  if (at < args.indexCount && memory[args.indices + at] >= args.vertexCount) {
    atomicMin(&indirect[args.slot * ${INDIRECT_WORDS}u], at - at % 3u);
  }
}
`;

export const draw = /* wgsl */ `
struct Draw {
  /** Model space to homogeneous screen coordinates, in pixels, as the device model has them. */
  x: vec4<f32>, y: vec4<f32>, z: vec4<f32>, w: vec4<f32>,
  /** Direction and ambient. */
  light: vec4<f32>,
  /** Pixels. */
  size: vec2<f32>,
  /** Words; and texels. */
  texels: u32, stride: u32, width: u32, height: u32, filtering: u32,
}
@group(0) @binding(0) var<storage, read> memory: array<u32>;
@group(0) @binding(1) var<uniform> args: Draw;
${color}

struct Vertex {
  @location(0) position: vec3<f32>,
  @location(1) normal: vec3<f32>,
  @location(2) texture: vec2<f32>,
  @location(3) color: vec4<u32>,
}
struct Corner {
  @builtin(position) position: vec4<f32>,
  /** Lit, 0 to 255, and the half that makes truncation a rounding to the nearest. */
  @location(0) color: vec4<f32>,
  @location(1) texture: vec2<f32>,
}

const GUARD = 8192.0;
const MOST_REPETITIONS = 262144.0;

/** Where the device model would compute edges exactly, corners lie on 1/256 pixel, as there. */
fn placed(screen: vec4<f32>) -> vec4<f32> {
  var at = screen.xy;
  let w = screen.w;
  if (w > 0.0 && screen.z >= 0.0 && screen.z <= w && all(abs(at) <= vec2(GUARD * w))) {
    at = floor(at / w * 256.0 + 0.5) / 256.0 * w;
  }
  return vec4(2.0 * at.x / args.size.x - w, w - 2.0 * at.y / args.size.y, screen.z, w);
}

@vertex
fn vertex(in: Vertex) -> Corner {
  let p = vec4(in.position, 1.0);
  let screen = vec4(dot(args.x, p), dot(args.y, p), dot(args.z, p), dot(args.w, p));
  let strength = args.light.w + max(dot(args.light.xyz, in.normal), 0.0);
  let lit = clamp(vec3<f32>(in.color.rgb) * strength, vec3(0.0), vec3(255.0));
  let repeated = clamp(in.texture, vec2(-MOST_REPETITIONS), vec2(MOST_REPETITIONS));
  return Corner(placed(screen), vec4(lit, f32(in.color.a)) + 0.5, repeated);
}

/** 1/256 texel: \`at\` in repetitions of so many texels. */
fn bilinearPosition(at: f32, texels: u32) -> u32 {
  let position = i32(floor(fract(at) * f32(texels) * 256.0 - 127.5));
  return u32(select(position, position + i32(texels) * 256, position < 0));
}

fn nearestPosition(at: f32, texels: u32) -> u32 {
  return min(u32(fract(at) * f32(texels)), texels - 1u);
}

fn texelAt(column: u32, row: u32) -> u32 {
  return memory[args.texels + row * args.stride + column];
}

fn sampled(at: vec2<f32>) -> u32 {
  if (args.filtering == ${filters.NEAREST}u) {
    return texelAt(nearestPosition(at.x, args.width), nearestPosition(at.y, args.height));
  }
  let column = bilinearPosition(at.x, args.width);
  let row = bilinearPosition(at.y, args.height);
  let left = column >> 8u;
  let top = row >> 8u;
  let right = select(left + 1u, 0u, left + 1u == args.width);
  let bottom = select(top + 1u, 0u, top + 1u == args.height);
  let above = mixed(texelAt(left, top), texelAt(right, top), column & 255u);
  let below = mixed(texelAt(left, bottom), texelAt(right, bottom), column & 255u);
  return mixed(above, below, row & 255u);
}

fn colored(in: Corner) -> u32 {
  let c = vec4<u32>(clamp(in.color, vec4(0.0), vec4(255.0)));
  if (args.filtering == ${UNTEXTURED}u) {
    return c.r | (c.g << 8u) | (c.b << 16u) | (c.a << 24u);
  }
  return modulated(sampled(in.texture), c);
}

struct DeepPixel { @location(0) word: u32, @builtin(frag_depth) depth: f32 }

@fragment
fn deep(in: Corner) -> DeepPixel {
  let depth = floor(clamp(in.position.z, 0.0, 1.0) * 16777215.0 + 0.5) / 16777216.0;
  return DeepPixel(colored(in), depth);
}

/** Where depth is neither tested nor written. */
@fragment
fn shallow(in: Corner) -> @location(0) u32 {
  return colored(in);
}
`;
