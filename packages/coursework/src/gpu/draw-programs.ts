/** What draws of triangles show. */
import { drawFlags, filters } from '@doorbell/abi';
import {
  type Program,
  SIDE,
  UNLIT,
  IDENTITY,
  pattern,
  run,
  type Color,
  type Vertex,
  triangles,
  onto,
  DRAW,
  half,
  red,
  green,
  blue,
  farDepth,
  colored,
} from './program.ts';

export const drawPrograms: readonly Program[] = [
  {
    id: 'draw/triangle',
    title: 'A triangle covers the pixels whose centres lie in it, by the top-left rule.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(SIDE, SIDE);
      const draw = await triangles(gpu, half);
      return run(gpu, image, onto(image).draw(draw()));
    },
  },
  {
    id: 'draw/colors',
    title: 'Colours at the corners are interpolated between them.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(32, 32);
      const draw = await triangles(gpu, [
        { at: [-0.9, -0.8, 0], color: red },
        { at: [-0.1, 0.9, 0], color: green },
        { at: [0.9, -0.3, 0], color: blue },
      ]);
      return run(gpu, image, onto(image).draw(draw()));
    },
  },
  {
    id: 'draw/cull',
    title: 'CULL_BACK drops the triangles whose corners run clockwise on the screen.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(SIDE, SIDE);
      const [a, b, c] = half;
      const draw = await triangles(gpu, [
        ...[a, b, c],
        ...[a, c, { at: [1, -1, 0], color: red } satisfies Vertex],
      ]);
      return run(gpu, image, onto(image).draw(draw(drawFlags.CULL_BACK)));
    },
  },
  {
    id: 'draw/depth',
    title: 'With DEPTH_TEST what is farther away stays hidden, whatever was drawn first.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(SIDE, SIDE);
      const depth = await farDepth(gpu);
      const draw = await triangles(gpu, [
        ...colored(green, 0.25),
        ...colored(red, 0.75).map(({ at: [x, y, z], ...rest }) => ({
          ...{ at: [-x, y, z] as const, ...rest },
        })),
      ]);
      const flags = drawFlags.DEPTH_TEST | drawFlags.DEPTH_WRITE;
      return run(gpu, image, onto(image, depth).draw(draw(flags)));
    },
  },
  {
    id: 'draw/edges',
    title: 'Of triangles that share an edge, one alone owns each pixel whose centre is on it.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(SIDE, SIDE);
      // Corners on the centres of pixels.
      const centre = (pixel: number): number => ((pixel + 0.5) * 2) / SIDE - 1;
      const triangle = (color: Color, ...corners: (readonly [number, number])[]): Vertex[] =>
        corners.map(([x, y]) => ({ at: [centre(x), centre(y), 0], color }));
      const draw = await triangles(gpu, [
        ...triangle([255, 0, 0, 255], [8, 2], [2, 8], [8, 8]),
        ...triangle([0, 255, 0, 255], [8, 2], [8, 8], [14, 8]),
        ...triangle([0, 0, 255, 255], [2, 8], [8, 14], [8, 8]),
        ...triangle([255, 255, 255, 255], [8, 8], [8, 14], [14, 8]),
      ]);
      return run(gpu, image, onto(image).draw(draw()));
    },
  },
  {
    id: 'draw/incomplete',
    title: 'Indices that are over behind the last whole triangle draw nothing.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(SIDE, SIDE);
      const draw = await triangles(gpu, [...half, ...colored(red, 0)]);
      return run(gpu, image, onto(image).draw({ ...draw(), indexCount: 5 }));
    },
  },
  {
    id: 'draw/clip',
    title: 'What is too near is cut off, and what lies outside of the viewport is not drawn.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(32, 32);
      const draw = await triangles(gpu, [
        { at: [-1.5, -1.2, 0.5], color: red },
        { at: [-0.2, 1.4, -0.4], color: green },
        { at: [1.7, -0.4, 0.5], color: blue },
      ]);
      const viewport = { x: 5, y: 4, width: 19, height: 23 };
      return run(gpu, image, onto(image).setViewport(viewport).draw(draw()));
    },
  },
  {
    id: 'draw/perspective',
    title: 'Colours and texture coordinates are interpolated in space, not on the screen.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(32, 32);
      const { handle, stride, width, height } = await pattern(gpu, 8);
      const draw = await triangles(gpu, [
        { at: [-1, -1, 0], uv: [0, 0], color: red },
        { at: [-1, 1, 0], uv: [0, 1], color: green },
        { at: [1, 1, 0], uv: [1, 1], color: blue },
        { at: [-1, -1, 0], uv: [0, 0] },
        { at: [1, 1, 0], uv: [1, 1] },
        { at: [1, -1, 0], uv: [1, 0] },
      ]);
      // W is 2 + x.
      const matrix = [1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2];
      const texels = { handle, offset: 0 };
      const texture = { texels, stride, width, height, filter: filters.NEAREST };
      const commands = onto(image)
        .setTransform(matrix, UNLIT)
        .draw({ ...draw(), indexCount: 3 });
      return run(gpu, image, commands.setTexture(texture).draw(draw()));
    },
  },
  {
    id: 'draw/depth-equal',
    title: 'With DEPTH_TEST what is as far away stays hidden; depths have 24 bits.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(SIDE, SIDE);
      const depth = await farDepth(gpu);
      const mirrored = (vertices: Vertex[]): Vertex[] =>
        vertices.map(({ at: [x, y, z], ...rest }) => ({ at: [-x, -y, z], ...rest }));
      const draw = await triangles(gpu, [
        ...colored(red, 0.5),
        ...colored(green, 0.5),
        ...mirrored(colored(red, 0.4)),
        ...mirrored(colored(blue, 0.4 - 2 ** -20)),
      ]);
      const flags = drawFlags.DEPTH_TEST | drawFlags.DEPTH_WRITE;
      return run(gpu, image, onto(image, depth).draw(draw(flags)));
    },
  },
  {
    id: 'draw/depth-kept',
    title: 'Without DEPTH_WRITE depths stay as they are.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(SIDE, SIDE);
      const depth = await farDepth(gpu);
      const near = await triangles(gpu, colored(green, 0.25));
      const far = await triangles(gpu, colored(red, 0.75));
      const commands = onto(image, depth)
        .draw(near(drawFlags.DEPTH_TEST))
        .draw(far(drawFlags.DEPTH_TEST));
      return run(gpu, image, commands);
    },
  },
  {
    id: 'draw/scissor',
    title: 'Nothing is drawn outside of the scissor rectangle.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(SIDE, SIDE);
      const draw = await triangles(gpu, half);
      const commands = onto(image).setScissor({ x: 2, y: 5, width: 6, height: 7 }).draw(draw());
      return run(gpu, image, commands);
    },
  },
  {
    id: 'draw/viewport',
    title: 'The viewport says where device coordinates fall, and nothing is drawn outside of it.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(SIDE, SIDE);
      const draw = await triangles(gpu, half);
      const commands = onto(image).setViewport({ x: 4, y: 6, width: 9, height: 5 }).draw(draw());
      return run(gpu, image, commands);
    },
  },
  ...(['NEAREST', 'BILINEAR'] as const).map((filter): Program => ({
    id: `draw/texture${filter === 'NEAREST' ? '' : '-bilinear'}`,
    title: `A texture is repeated in both directions${filter === 'NEAREST' ? '' : ', its texels mixed'}, and multiplied with the colour.`,
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(32, 32);
      const { handle, stride, width, height } = await pattern(gpu, 8);
      const draw = await triangles(gpu, [
        { at: [-1, -1, 0], uv: [-0.5, 0] },
        { at: [-1, 1, 0], uv: [0, 2], color: [255, 128, 255, 255] },
        { at: [1, 1, 0], uv: [2, 2.25] },
      ]);
      const texels = { handle, offset: 0 };
      const texture = { texels, stride, width, height, filter: filters[filter] };
      return run(gpu, image, onto(image).setTexture(texture).draw(draw()));
    },
  })),
  {
    id: 'draw/light-behind',
    title: 'Light from behind does not light a vertex.',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(SIDE, SIDE);
      const draw = await triangles(gpu, half);
      const commands = onto(image).setTransform(IDENTITY, [0, 0, -0.5, 0.25]).draw(draw());
      return run(gpu, image, commands);
    },
  },
  {
    id: 'draw/light',
    title: 'A vertex is lit by ambient + max(0, normal · light).',
    commands: DRAW,
    draw: async (gpu) => {
      const image = await gpu.createImage(SIDE, SIDE);
      const draw = await triangles(gpu, half);
      const commands = onto(image).setTransform(IDENTITY, [0, 0, 0.5, 0.25]).draw(draw());
      return run(gpu, image, commands);
    },
  },
];
