/** Kernels of the copy engine's blit: the same integers as the device model's (bell/blit.ts). */
import { blends, filters } from '@doorbell/abi';
import { color } from './color.ts';
import { thread, WORKGROUP } from './thread.ts';

/** Addresses and strides are in words. */
const blitPixel = /* wgsl */ `
struct Blit {
  dst: u32, dstStride: u32, dstWidth: u32, dstHeight: u32,
  src: u32, srcStride: u32, srcWidth: u32, srcHeight: u32,
  filtering: u32, blend: u32,
}
@group(0) @binding(0) var<storage, read_write> memory: array<u32>;
@group(0) @binding(1) var<uniform> args: Blit;
${color}

/** Of pixel n of \`to\`, among \`from\`: ((n + ½) × from / to − ½) × 256 to the nearest; in 32 bits. */
fn bilinearPosition(n: u32, to: u32, from_: u32) -> u32 {
  let scaled = (2u * n + 1u) * from_;
  let whole = scaled / (2u * to);
  let rest = scaled % (2u * to);
  let position = i32(whole * 256u + (rest * 256u + to) / (2u * to)) - 128;
  return u32(clamp(position, 0, i32((from_ - 1u) * 256u)));
}

fn sampled(x: u32, y: u32) -> u32 {
  if (args.filtering == ${filters.NEAREST}u) {
    let column = ((2u * x + 1u) * args.srcWidth) / (2u * args.dstWidth);
    let row = ((2u * y + 1u) * args.srcHeight) / (2u * args.dstHeight);
    return memory[args.src + row * args.srcStride + column];
  }
  let column = bilinearPosition(x, args.dstWidth, args.srcWidth);
  let row = bilinearPosition(y, args.dstHeight, args.srcHeight);
  let left = args.src + (row >> 8u) * args.srcStride + (column >> 8u);
  let right = left + select(1u, 0u, (column & 255u) == 0u);
  let down = select(args.srcStride, 0u, (row & 255u) == 0u);
  let above = mixed(memory[left], memory[right], column & 255u);
  let below = mixed(memory[left + down], memory[right + down], column & 255u);
  return mixed(above, below, row & 255u);
}

fn blitAt(x: u32, y: u32) {
  let at = args.dst + y * args.dstStride + x;
  let pixel = sampled(x, y);
  if (args.blend == ${blends.OVER}u) {
    memory[at] = over(pixel, memory[at]);
  } else {
    memory[at] = pixel;
  }
}
`;

/** Rectangles that do not overlap: a thread for each pixel. */
export const blit = /* wgsl */ `
${blitPixel}
${thread}
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let pixel = threadOf(group, groups, local);
  if (pixel >= args.dstWidth * args.dstHeight) { return; }
  blitAt(pixel % args.dstWidth, pixel / args.dstWidth);
}
`;

/** Rectangles that overlap: one thread, a row at a time from the top. */
export const blitInOrder = /* wgsl */ `
${blitPixel}
@compute @workgroup_size(1)
fn main() {
  for (var y = 0u; y < args.dstHeight; y++) {
    for (var x = 0u; x < args.dstWidth; x++) {
      blitAt(x, y);
    }
  }
}
`;
