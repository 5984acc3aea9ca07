/** The Stanford polygon format (PLY), ASCII and binary, to a mesh. */
import { PLYLoader } from '@loaders.gl/ply';
import { InputError } from './input-error.ts';
import type { RawMesh } from './mesh.ts';
import { checkBody } from './ply-body.ts';
import { type PlyElement, type PlyHeader, readHeader, writeHeader } from './ply-header.ts';

const channels = ['channel_r', 'channel_g', 'channel_b'] as const;

/** What the loader, or this file, calls a property. */
const properties: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  vertex: {
    ...Object.fromEntries(['x', 'y', 'z', 'nx', 'ny', 'nz', 's', 't'].map((name) => [name, name])),
    ...{ u: 's', v: 't', texture_u: 's', texture_v: 't' },
    ...{ red: channels[0], green: channels[1], blue: channels[2] },
    ...{ diffuse_red: channels[0], diffuse_green: channels[1], diffuse_blue: channels[2] },
  },
  face: { vertex_indices: 'vertex_indices', vertex_index: 'vertex_indices' },
};

/** @throws InputError; `name` is for its message. */
export function parsePly(name: string, bytes: Uint8Array): RawMesh {
  const header = renamed(readHeader(name, bytes));
  const body = bytes.subarray(readHeader(name, bytes).length);
  checkBody(name, header, body);
  const { attributes, indices } = load(name, header, body);
  const { POSITION, NORMAL, TEXCOORD_0 } = attributes;
  return {
    positions: POSITION ?? new Float32Array(0),
    normals: NORMAL,
    // PLY has v = 0 at the bottom of the picture.
    uvs: TEXCOORD_0?.map((value, index) => (index % 2 === 0 ? value : 1 - value)),
    colors: colorsOf(header, attributes),
    indices,
  };
}

/** The loader knows some names, prints lines that it does not know, and trips over CR LF: it gets a header of ours. */
function renamed(header: PlyHeader): PlyHeader {
  const rename = (element: PlyElement): PlyElement => ({
    ...element,
    properties: element.properties.map((property, index) => ({
      ...property,
      name: properties[element.name]?.[property.name] ?? `other_${index}`,
    })),
  });
  return { ...header, elements: header.elements.map(rename) };
}

interface Loaded {
  readonly attributes: Readonly<Record<string, Float32Array | undefined>>;
  readonly indices: Uint32Array;
}

function load(name: string, header: PlyHeader, body: Uint8Array): Loaded {
  const head = new TextEncoder().encode(writeHeader(header));
  const file = new Uint8Array(head.length + body.length);
  file.set(head);
  file.set(body, head.length);
  try {
    const mesh = PLYLoader.parseSync(file.buffer, undefined);
    const arrays = Object.entries(mesh.attributes).map(([key, { value }]) => [key, value]);
    return {
      attributes: Object.fromEntries(arrays) as Loaded['attributes'],
      indices: Uint32Array.from(mesh.indices?.value ?? []),
    };
  } catch {
    throw new InputError(`${name} is damaged: it has elements that its header does not describe.`);
  }
}

/** Whole numbers are fractions of their type's largest; floats are fractions of 1. */
function colorsOf(header: PlyHeader, attributes: Loaded['attributes']): Uint8Array | undefined {
  const [red, green, blue] = channels.map((channel) => attributes[channel]);
  if (red === undefined || green === undefined || blue === undefined) {
    return undefined;
  }
  const vertex = header.elements.find((element) => element.name === 'vertex');
  const type = vertex?.properties.find((property) => property.name === channels[0])?.type ?? '';
  const scale = /^(float|double)/.test(type) ? 255 : /16|short/.test(type) ? 1 / 257 : 1;
  const colors = new Uint8Array(red.length * 4).fill(255);
  [red, green, blue].forEach((values, channel) => {
    values.forEach((value, index) => {
      colors[4 * index + channel] = Math.max(0, Math.min(255, Math.round(value * scale)));
    });
  });
  return colors;
}
