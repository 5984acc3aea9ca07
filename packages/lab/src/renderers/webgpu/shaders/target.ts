/**
 * A draw's target lies in memory as words; a render pass draws on textures. So a target is loaded
 * before and stored after it. A depth d of 24 bits is d / 2^24 in a texture, which holds it exactly;
 * 1 is whatever was farther than any depth that is drawn.
 */

export const load = /* wgsl */ `
struct Target { color: u32, colorStride: u32, depth: u32, depthStride: u32 }
@group(0) @binding(0) var<storage, read> memory: array<u32>;
@group(0) @binding(1) var<uniform> args: Target;

/** One triangle that covers everything. */
@vertex
fn cover(@builtin(vertex_index) corner: u32) -> @builtin(position) vec4<f32> {
  return vec4<f32>(f32(corner & 1u) * 4.0 - 1.0, f32(corner >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

struct Pixel { @location(0) word: u32, @builtin(frag_depth) depth: f32 }

@fragment
fn fetch(@builtin(position) position: vec4<f32>) -> Pixel {
  let at = vec2<u32>(position.xy);
  var pixel = Pixel(memory[args.color + at.y * args.colorStride + at.x], 1.0);
  if (args.depth != 0u) {
    pixel.depth = min(f32(memory[args.depth + at.y * args.depthStride + at.x]) / 16777216.0, 1.0);
  }
  return pixel;
}
`;

/** Tiles of this many pixels in both directions. */
export const TILE = 8;

export const store = /* wgsl */ `
struct Target {
  color: u32, colorStride: u32, depth: u32, depthStride: u32,
  left: u32, top: u32, right: u32, bottom: u32,
}
@group(0) @binding(0) var<storage, read_write> memory: array<u32>;
@group(0) @binding(1) var<uniform> args: Target;
@group(1) @binding(0) var colors: texture_2d<u32>;
@group(1) @binding(1) var depths: texture_depth_2d;

@compute @workgroup_size(${TILE}, ${TILE})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let at = id.xy + vec2<u32>(args.left, args.top);
  if (at.x >= args.right || at.y >= args.bottom) { return; }
  memory[args.color + at.y * args.colorStride + at.x] = textureLoad(colors, at, 0).r;
  if (args.depth != 0u) {
    let depth = textureLoad(depths, at, 0);
    if (depth < 1.0) {
      memory[args.depth + at.y * args.depthStride + at.x] = u32(depth * 16777216.0);
    }
  }
}
`;
