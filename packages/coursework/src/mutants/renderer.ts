/** Bugs of the renderer in software. */
import type { Mutant } from './mutant.ts';

const ENGINES = 'packages/device-model/src/bell';
const SOFTWARE = 'packages/lab/src/renderers/software.ts';
const CHECKS = 'packages/abi/src/gpu-checks.ts';

type RendererMutant = Omit<Mutant, 'kind' | 'policy'>;

const bugs: readonly RendererMutant[] = [
  {
    id: 'width-for-stride',
    file: `${ENGINES}/copy.ts`,
    from: 'const start = to.base + row * to.stride;',
    to: 'const start = to.base + row * to.width;',
    cite: 'copy/v86 7f37fcfccbbf: fix vga virtual screen size handling',
    symptom: 'A rectangle is a slanted stripe.',
    cause: 'Rows follow each other by the width of the rectangle, not by the stride.',
    caughtBy: 'gpu/fill/rectangle',
  },
  {
    id: 'bottom-row',
    file: `${ENGINES}/copy.ts`,
    from: 'for (let row = 0; row < to.height; row++) {',
    to: 'for (let row = 0; row < to.height - 1; row++) {',
    cite: 'copy/v86 dec8fa0b59c8: fix svga not rendering pixels at bottom of changed buffer',
    symptom: 'At the bottom a row is missing.',
    cause: 'The last row is not filled.',
    caughtBy: 'gpu/fill/rectangle',
  },
  {
    id: 'width-for-height',
    file: SOFTWARE,
    from: 'display.flip(this.bytes(address, stride * height), width, height, stride);',
    to: 'display.flip(this.bytes(address, stride * height), width, width, stride);',
    cite: 'google/crosvm f0a7726e45cb: devices: virtio-gpu: fix SetScanoutBlob width/height mixup',
    symptom: 'The screen is square.',
    cause: 'The width stands in the place of the height.',
    caughtBy: 'gpu/present/shows',
  },
  {
    id: 'memory-not-zeroed',
    file: SOFTWARE,
    from: '    this.bytes(address, bytes).fill(0);\n',
    to: '',
    cite: 'copy/v86 fbb6a1e04297: vga: clear memory if VBE_DISPI_NOCLEARMEM is not set; CVE-2023-4969',
    symptom: "A new image shows what was on somebody else's.",
    cause: 'Memory that was used before is given out as it is.',
    caughtBy: 'gpu/createBuffer/zero-again',
  },
  {
    id: 'end-not-checked',
    file: CHECKS,
    from: 'offset + bytes > resource.bytes',
    to: 'offset > resource.bytes',
    cite: 'CVE-2019-18960 (Firecracker): a logical error in bounds checking of buffers',
    symptom: 'What is written at the end of one resource appears in the next.',
    cause: 'That a range begins in a resource is checked, that it ends there is not.',
    caughtBy: 'gpu/write/beyond',
  },
  {
    id: 'handle-stays',
    file: CHECKS,
    from: '    this.byHandle.delete(handle);\n',
    to: '    this.byHandle.has(handle);\n',
    cite: 'Mesa merge request 31421: virgl: avoid a race condition on handle removal',
    symptom: 'A resource that was destroyed can still be read.',
    cause: 'The handle is not forgotten.',
    caughtBy: 'gpu/destroy/handle-is-dead',
  },
  {
    id: 'top-left-rule',
    file: `${ENGINES}/edge.ts`,
    from: 'return (coordinate + 127) >> 8;',
    to: 'return (coordinate + 128) >> 8;',
    cite: 'SerenityOS e1a6966863b4: LibSoftGPU: check for bottom edge in top-left rule',
    symptom: 'Between triangles that touch there are lines that are drawn by neither.',
    cause: 'A centre on a top edge is not counted to the triangle below it.',
    caughtBy: 'gpu/draw/edges',
  },
  {
    id: 'left-edge',
    file: `${ENGINES}/edge.ts`,
    from: 'const numerator = (ax - 128) * height + width * (row * 256 + 128 - ay) + unit - 1;',
    to: 'const numerator = (ax - 128) * height + width * (row * 256 + 128 - ay);',
    cite: 'SerenityOS f28047de7395: LibSoftGPU: round rasterization position to nearest integer',
    symptom: 'Triangles are a pixel too far to the left.',
    cause: 'The first pixel of a row is rounded down in place of up.',
    caughtBy: 'gpu/draw/colors',
  },
  {
    id: 'culls-the-front',
    file: `${ENGINES}/raster.ts`,
    from: '(area > 0 && this.cull)',
    to: '(area < 0 && this.cull)',
    cite: 'SerenityOS addbcd42d7e5: LibGL: fix triangle winding calculation',
    symptom: 'One looks into a solid, at its far side.',
    cause: 'With y down, the sign of the area that means clockwise is the other one.',
    caughtBy: 'gpu/draw/cull',
  },
  {
    id: 'scissor-upside-down',
    file: `${ENGINES}/renderer.ts`,
    from: '    this.scissor.top = y;\n',
    to: '    this.scissor.top = this.color.height - y - height;\n',
    cite: 'SerenityOS 930782a15520: LibGL: fix scissor box coordinate system',
    symptom: 'A window is cut where another stands.',
    cause: 'y of the scissor is counted from the bottom.',
    caughtBy: 'gpu/draw/scissor',
  },
  {
    id: 'viewport-not-clipped',
    file: `${ENGINES}/bounds.ts`,
    from: 'const right = Math.min(width, viewport.right, scissor.right);',
    to: 'const right = Math.min(width, scissor.right);',
    cite: 'SerenityOS 5ae42736f816: VirtIO framebuffer should clamp pending dirty rects',
    symptom: 'Large triangles reach beyond their viewport.',
    cause: 'Pixels to the right of the viewport are not left out.',
    caughtBy: 'gpu/draw/clip',
  },
  {
    id: 'incomplete-triangle',
    file: `${ENGINES}/renderer.ts`,
    from: 'const end = call.indexCount - 2;',
    to: 'const end = call.indexCount;',
    cite: 'SerenityOS 17ec4333265d: LibSoftGPU: only render complete primitives',
    symptom: 'There is a triangle too many.',
    cause: 'Indices that make no whole triangle are drawn, with what stands behind them.',
    caughtBy: 'gpu/draw/incomplete',
  },
  {
    id: 'normal-not-clipped',
    file: `${ENGINES}/clip.ts`,
    from: '      this.to[into + i] = start + (this.from[outside + i] - start) * t;\n',
    to: '      this.to[into + i] = i < 4 ? start + (this.from[outside + i] - start) * t : start;\n',
    cite: 'SerenityOS 21cad2253545, 220ac5eb026c: vertex attributes are interpolated when a triangle is clipped',
    symptom: 'Colours jump where a triangle leaves the screen.',
    cause: 'Clipping interpolates the position of a new corner, and not its other attributes.',
    caughtBy: 'gpu/draw/clip',
  },
  {
    id: 'affine-textures',
    file: `${ENGINES}/plane.ts`,
    from: `    weights[0] = Math.max(q0 / largest, 1 / DEEPEST);
    weights[1] = Math.max(q1 / largest, 1 / DEEPEST);
    weights[2] = Math.max(q2 / largest, 1 / DEEPEST);
`,
    to: '    weights.fill(largest > 0 ? 1 : 0);\n',
    cite: 'SerenityOS b63b15eeb565: LibGL: use perspective correct interpolation',
    symptom: 'Pictures on walls swim when one walks.',
    cause: 'Attributes are interpolated on the screen, without the division by w.',
    caughtBy: 'gpu/draw/perspective',
  },
  {
    id: 'depth-of-equal',
    file: `${ENGINES}/row.ts`,
    from: `export function flatRow(row: Row, planes: Planes, color: number): void {
  const { pixels, end, depths, test, write } = row;
  let { at, depthAt } = row;
  if (!test && !write && end - at > LONG) {
    pixels.fill(color, at, end);
    return;
  }
  const across = row.across / 256;
  const below = row.below / 256;
  const { base, right, down } = planes;
  let z = base[DEPTH] + right[DEPTH] * across + down[DEPTH] * below;
  const stepZ = right[DEPTH];
  for (; at < end; at++) {
    const depth = z >>> 0;
    if (!test || depth < depths[depthAt]) {`,
    to: `export function flatRow(row: Row, planes: Planes, color: number): void {
  const { pixels, end, depths, test, write } = row;
  let { at, depthAt } = row;
  if (!test && !write && end - at > LONG) {
    pixels.fill(color, at, end);
    return;
  }
  const across = row.across / 256;
  const below = row.below / 256;
  const { base, right, down } = planes;
  let z = base[DEPTH] + right[DEPTH] * across + down[DEPTH] * below;
  const stepZ = right[DEPTH];
  for (; at < end; at++) {
    const depth = z >>> 0;
    if (!test || depth <= depths[depthAt]) {`,
    cite: 'SerenityOS 0152f1924b9: LibGL: comparison of depths that are equal',
    symptom: 'Two surfaces in one place: the wrong one is seen.',
    cause: 'A pixel that is as far away as what is there passes the depth test.',
    caughtBy: 'gpu/draw/depth-equal',
  },
  {
    id: 'depth-always-written',
    file: `${ENGINES}/shade.ts`,
    from: 'pixels.write = depth !== undefined && (flags & drawFlags.DEPTH_WRITE) !== 0;',
    to: 'pixels.write = depth !== undefined;',
    cite: 'SerenityOS 1a3af23a10b1: LibGL: depth writing should only happen if testing and writing are enabled',
    symptom: 'Glass hides what is drawn behind it later.',
    cause: 'Depths are stored though the draw does not ask for it.',
    caughtBy: 'gpu/draw/depth-kept',
  },
  {
    id: 'depth-of-16-bits',
    file: `${ENGINES}/vertex.ts`,
    from: 'values[at + DEPTH] = within(values[at + Z] * q, 0, 1) * 0xffffff + 0.5;',
    to: 'values[at + DEPTH] = within(values[at + Z] * q, 0, 1) * 0xffff + 0.5;',
    cite: 'SwiftShader 1bf3ae22a: fix border comparison with depth 16; SerenityOS 44d679ba7ec: depth comparison',
    symptom: 'What is far away flickers.',
    cause: 'Depths have 16 bits where 24 were promised.',
    caughtBy: 'gpu/draw/depth-equal',
  },
  {
    id: 'clear-source-blended',
    file: `${ENGINES}/color.ts`,
    from: `  if (alpha === 0) {
    return destination;
  }
`,
    to: '',
    cite: "SerenityOS 0e65de2e11e6: LibGfx: don't write blended pixel if the alpha is zero",
    symptom: 'Where what is wholly transparent is drawn, the colour that was there is lost.',
    cause:
      'A source of alpha 0 is blended all the same, and divided by alphas that are 0 together.',
    caughtBy: 'gpu/blit/over-clear',
  },
  {
    id: 'destination-alpha',
    file: `${ENGINES}/color.ts`,
    from: 'const weightD = (destination >>> 24) * (255 - alpha);',
    to: 'const weightD = 255 * (255 - alpha);',
    cite: 'SerenityOS d0e7d45b8585, 3dd9efd35f87: whose alpha is used when blending',
    symptom: 'Over a transparent background colours are too dark.',
    cause: 'The destination counts as opaque when colours are mixed.',
    caughtBy: 'gpu/blit/nearest-over',
  },
  {
    id: 'blend-truncated',
    file: `${ENGINES}/color.ts`,
    from: 'return Math.floor((sum + (total >>> 1)) / total) << shift;',
    to: 'return Math.floor(sum / total) << shift;',
    cite: 'SwiftShader 7a571328541a: perform all blend operations in floating point, for precision',
    symptom: 'Each layer of glass makes the picture a little darker than it should be.',
    cause: 'Blended colours are rounded down, not to the nearest.',
    caughtBy: 'gpu/blit/nearest-over',
  },
  {
    id: 'half-pixel',
    file: `${ENGINES}/blit.ts`,
    from: 'const position = Math.floor(((2 * n + 1) * from * 256 + to) / (2 * to)) - 128;',
    to: 'const position = Math.floor((n * from * 256) / to);',
    cite: 'SerenityOS 15a9fca4614d: LibGfx: correctly shift pixels during bilinear blend',
    symptom: 'What is scaled is shifted to the bottom right.',
    cause: 'Corners of pixels are mapped onto each other, not their centres.',
    caughtBy: 'gpu/blit/bilinear-none',
  },
  {
    id: 'scaled-off-by-some',
    file: `${ENGINES}/blit.ts`,
    from: 'positions[n] = Math.floor(((2 * n + 1) * from) / (2 * to));',
    to: 'positions[n] = Math.floor((n * (from - 1)) / Math.max(to - 1, 1));',
    cite: 'SerenityOS 7fb32b668221: LibGfx: fix off-by-some in Painter::draw_scaled_bitmap_with_transform',
    symptom: 'Scaled pixels have different sizes, and the last is a line.',
    cause: 'The ends of the two rows are mapped onto each other, so that steps are too small.',
    caughtBy: 'gpu/blit/nearest-none',
  },
  {
    id: 'texel-scale',
    file: `${ENGINES}/textured-row.ts`,
    from: '  const columns = texture.width / REPETITION;\n',
    to: '  const columns = (texture.width - 1) / REPETITION;\n',
    cite: 'SerenityOS 47a473711074: LibGL: fix texture sampling texel coordinate calculation',
    symptom: 'The last column of a texture is never seen.',
    cause: 'Coordinates are multiplied by the width less one.',
    caughtBy: 'gpu/draw/texture',
  },
  {
    id: 'wrap-swapped',
    file: `${ENGINES}/textured-row.ts`,
    from: '      const right = left + 1 === width ? 0 : left + 1;\n',
    to: '      const right = left + 1 === width ? left : left + 1;\n',
    cite: 'SerenityOS f856f49edb3: LibSoftGPU: clamp to edge, and where textures repeat instead',
    symptom: 'Tiles that repeat have a seam.',
    cause: 'The texel to the right of the last is taken to be the last, not the first.',
    caughtBy: 'gpu/draw/texture-bilinear',
  },
  {
    id: 'red-and-blue',
    file: `${ENGINES}/color.ts`,
    from: '    over255(Math.imul(texel & 255, r)) |\n',
    to: '    over255(Math.imul((texel >>> 16) & 255, r)) |\n',
    cite: "SerenityOS 9fa78b1a0555: LibGfx: don't mix up red/blue channels when blitting RGBA8888",
    symptom: 'Textures have strange colours, and only under coloured light.',
    cause: 'Where texels are multiplied, blue stands in the place of red.',
    caughtBy: 'gpu/draw/texture',
  },
  {
    id: 'light-from-behind',
    file: `${ENGINES}/vertex.ts`,
    from: 'const strength = light[3] + (diffuse > 0 ? diffuse : 0);',
    to: 'const strength = light[3] + Math.abs(diffuse);',
    cite: 'SerenityOS fc8dd0bf68fa: LibSoftGPU: use correct position for vertex_to_light',
    symptom: 'The dark side of the moon is bright.',
    cause: 'Light from behind a surface lights it too.',
    caughtBy: 'gpu/draw/light-behind',
  },
];

export const rendererMutants: readonly Mutant[] = bugs.map((bug) => ({ ...bug, kind: 'renderer' }));
