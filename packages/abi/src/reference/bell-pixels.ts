/** Of the datasheet of bell: which pixels its engines draw, and their exact colours. */
import { MAX_INDICES, VERTEX_BYTES } from '../commands.ts';
import { blocks, list } from './markdown.ts';

const drawing = blocks(
  '## What the 3D engine draws',
  list([
    `A vertex has ${VERTEX_BYTES} bytes: position x, y, z; normal x, y, z; texture coordinates u, v (all f32); colour R, G, B, A (one byte each). Three indices make a triangle, drawn in the order of the list; a remainder of one or two is ignored. A draw has at most ${MAX_INDICES} vertices and at most ${MAX_INDICES} indices. An index at or above the vertex count faults BAD_INDEX; the triangles before it are drawn.`,
    'Position (x, y, z, 1) times the matrix is a point in clip space. Only what has w > 0 and 0 ≤ z ≤ w is drawn; a triangle with a coordinate that is infinite or not a number is dropped. Divided by w, x and y from −1 to 1 fall on the viewport, y = −1 at its top; z is the depth.',
    "A vertex's colour is its R, G and B times ambient + max(0, normal · light), held to 0 to 255; A stays. Colours and texture coordinates are interpolated with perspective, depth is not: it is linear on the screen. The texel, if there is a texture, is multiplied with the colour.",
    'With flag 2 a pixel is drawn where its depth is less than the word that the depth buffer holds, unsigned; with flag 4 the depth of a pixel that is drawn is stored. Without a depth buffer both are ignored. With flag 1 a triangle that is clockwise on the screen is dropped.',
    'A pixel is drawn where target, viewport and scissor meet. There is no blending here; blit blends.',
  ]),
  '### The state that draws use',
  `setTarget, setViewport, setScissor, setTexture and setTransform set it. It is a channel's own, and
lasts until the next packet of its kind. At a channel's reset, and again where the buffer of each
INDIRECT packet begins, it is as follows; what a buffer has set is still set behind it in the ring.`,
  list([
    'No target: a draw faults BAD_ARGUMENT with FAULT_ADDRESS 0.',
    'Viewport and scissor of no pixels, and a matrix of zeros: a draw gives nothing, and no fault.',
    'No light and ambient 0: what is drawn is black.',
    'No texture: white, the colour alone.',
  ]),
  `So each buffer sets target, viewport, scissor and transform before its first draw. No packet clears: a
driver clears colour and depth with fill, depth to 0xffffff. A depth of exactly 0xffffff is not less than
that, and is not drawn with flag 2; clear to 0xffffffff where it should be.`,
);

const exactness = blocks(
  '## Exact pixels',
  `All rounding is stated here. "Nearest" is to the nearest integer, ties up. Interpolation is in double
precision; the order of its operations is not part of this page, so that a value which lies within
its last bits of a boundary may fall on either side.`,
  '### Draws',
  list([
    'Pixel n of a row or a column has its centre, the only sample, at n + ½. Vertices are rounded to the nearest 1/256 pixel before anything is asked of them.',
    'A pixel belongs to a triangle when its centre lies within it; a centre on an edge belongs to the triangle of which it is a left or a top edge, so that two triangles with a common edge draw each pixel once. A triangle without an area has no pixels.',
    'Pixels whose centres lie within the viewport are drawn, those on its left and top side included. A negative width or height mirrors.',
    'Depth is z / w × 0xffffff to the nearest, from 0 to 0xffffff.',
    'Colours keep their fractions from the vertices on and are rounded once at the pixel, to the nearest. Texel times colour is texel × colour / 255 to the nearest in each of R, G, B and A, of the rounded colour.',
    'Texture coordinates count repetitions: 0 to 1 is the whole texture, v down, and whole numbers are dropped, so that it repeats on all sides. They are held to ±2^18 at the vertices. Nearest takes the texel into which the coordinate falls: floor(u × width).',
    'Bilinear: the centre of texel n lies at n + ½. The coordinate is rounded to the nearest 1/256 texel, and the four texels around it are mixed as below; beyond the last column or row comes the first.',
  ]),
  '### Mixing',
  `Two pixels a and b mix to (a × (256 − t) + b × t) / 256, to the nearest, in each of R, G, B and A, where
t from 0 to 255 counts 1/256 from the centre of a to that of b. Bilinear mixes left with right in the upper
and in the lower row, rounds, and then mixes these two.`,
  '### Blits',
  list([
    'Pixel n of d in the destination has its centre at (n + ½) × s / d among the s of the source. Nearest takes floor((2n + 1) × s / 2d).',
    'Bilinear: the position (n + ½) × s / d − ½ is rounded to the nearest 1/256 pixel and held to 0 to s − 1: beyond the edge of the source its outermost pixels go on. Then as under mixing.',
    "Blend 1 is Porter and Duff's \"over\" with straight alpha, after the filter. With S and D the source's and the destination's alpha, p = 255 × S and q = D × (255 − S): each of R, G and B is (source × p + destination × q) / (p + q), and A is (p + q) / 255, all to the nearest. Where S is 255 the source is stored as it is, where S is 0 the destination stays.",
    'A blit from a source without pixels does nothing. Where source and destination overlap, the destination is unspecified.',
  ]),
  '### Copies',
  `Rows are copied from the first to the last: where the rectangles overlap, a row may read what an earlier
one has written. To move rows down within one picture, copy them in several packets, the last first.`,
);

export const pixels = blocks(drawing, exactness);
