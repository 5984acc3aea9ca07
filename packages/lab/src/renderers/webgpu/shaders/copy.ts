/** Kernels of the copy engine: fill, copy, and single words in part. Addresses are in bytes. */
import { thread, WORKGROUP } from './thread.ts';

/** A thread for each word of the rectangle. */
export const fill = /* wgsl */ `
struct Fill { dst: u32, stride: u32, width: u32, height: u32, value: u32 }
@group(0) @binding(0) var<storage, read_write> memory: array<u32>;
@group(0) @binding(1) var<uniform> args: Fill;
${thread}
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let word = threadOf(group, groups, local);
  if (word >= args.width * args.height) { return; }
  let row = word / args.width;
  memory[(args.dst + row * args.stride) / 4u + word % args.width] = args.value;
}
`;

/** Some bits of one word. */
export const patch = /* wgsl */ `
struct Patch { address: u32, mask: u32, value: u32 }
@group(0) @binding(0) var<storage, read_write> memory: array<u32>;
@group(0) @binding(1) var<uniform> args: Patch;
@compute @workgroup_size(1)
fn main() {
  let at = args.address / 4u;
  memory[at] = (memory[at] & ~args.mask) | (args.value & args.mask);
}
`;

const copyArguments = /* wgsl */ `
struct Copy { dst: u32, dstStride: u32, src: u32, srcStride: u32, rowBytes: u32, rows: u32, extent: u32 }
@group(0) @binding(0) var<storage, read_write> memory: array<u32>;
@group(0) @binding(1) var<uniform> args: Copy;

fn byteAt(address: u32) -> u32 {
  return (memory[address / 4u] >> (8u * (address % 4u))) & 255u;
}
`;

/**
 * Rectangles that do not overlap: a thread for each word that the destination's rows touch, so
 * that no two threads write one word.
 */
export const copy = /* wgsl */ `
${copyArguments}
${thread}
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let word = args.dst / 4u + threadOf(group, groups, local);
  if (word * 4u >= args.dst + args.extent) { return; }
  var value = memory[word];
  for (var lane = 0u; lane < 4u; lane++) {
    let address = word * 4u + lane;
    if (address < args.dst || address >= args.dst + args.extent) { continue; }
    let offset = address - args.dst;
    let row = select(0u, offset / max(args.dstStride, 1u), args.rows > 1u);
    let column = offset - row * select(0u, args.dstStride, args.rows > 1u);
    if (column >= args.rowBytes) { continue; }
    let shift = 8u * lane;
    value = (value & ~(255u << shift)) | (byteAt(args.src + row * args.srcStride + column) << shift);
  }
  memory[word] = value;
}
`;

/** Rectangles that overlap: one thread, first row first; within a row from the end that is not overwritten. */
export const copyInOrder = /* wgsl */ `
${copyArguments}
fn put(address: u32, value: u32) {
  let shift = 8u * (address % 4u);
  memory[address / 4u] = (memory[address / 4u] & ~(255u << shift)) | (value << shift);
}

@compute @workgroup_size(1)
fn main() {
  for (var row = 0u; row < args.rows; row++) {
    let destination = args.dst + row * args.dstStride;
    let source = args.src + row * args.srcStride;
    for (var i = 0u; i < args.rowBytes; i++) {
      let column = select(i, args.rowBytes - 1u - i, destination > source);
      put(destination + column, byteAt(source + column));
    }
  }
}
`;
