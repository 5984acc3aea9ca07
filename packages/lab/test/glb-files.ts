/** GLB files for tests, after the letter of glTF 2.0 §4.4. */

export type GlbJson = Readonly<Record<string, unknown>>;

/** A header, a JSON chunk padded with spaces, a binary chunk padded with zeros. */
export function glbFile(json: GlbJson, binary: Uint8Array = new Uint8Array(0)): Uint8Array {
  const text = JSON.stringify({ asset: { version: '2.0' }, ...json });
  const chunks = [
    chunk(0x4e4f534a, Buffer.from(text.padEnd(Math.ceil(text.length / 4) * 4))),
    chunk(0x004e4942, Buffer.concat([binary, Buffer.alloc((4 - (binary.length % 4)) % 4)])),
  ];
  const body = Buffer.concat(chunks);
  const header = Buffer.alloc(12);
  header.write('glTF', 'latin1');
  header.writeUInt32LE(2, 4);
  header.writeUInt32LE(12 + body.length, 8);
  return Buffer.concat([header, body]);
}

function chunk(type: number, data: Uint8Array): Uint8Array {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(data.length, 0);
  header.writeUInt32LE(type, 4);
  return Buffer.concat([header, data]);
}

const componentTypes = { f32: 5126, u16: 5123, i16: 5122, u8: 5121, u32: 5125 } as const;

export interface Column {
  readonly type: 'SCALAR' | 'VEC2' | 'VEC3' | 'VEC4';
  readonly component: keyof typeof componentTypes;
  readonly values: readonly number[];
  readonly normalized?: boolean;
}

/** Columns as accessors, one buffer view each. */
export function accessors(columns: readonly Column[]): { json: GlbJson; binary: Uint8Array } {
  const parts = columns.map(({ component, values }) => {
    const bytes = {
      f32: () => Float32Array.from(values),
      u16: () => Uint16Array.from(values),
      i16: () => Int16Array.from(values),
      u8: () => Uint8Array.from(values),
      u32: () => Uint32Array.from(values),
    }[component]();
    const padded = Buffer.alloc(Math.ceil(bytes.byteLength / 4) * 4);
    padded.set(new Uint8Array(bytes.buffer));
    return { bytes: padded, length: bytes.byteLength };
  });
  let at = 0;
  const bufferViews = parts.map(({ bytes, length }) => {
    const view = { buffer: 0, byteOffset: at, byteLength: length };
    at += bytes.length;
    return view;
  });
  const size = { SCALAR: 1, VEC2: 2, VEC3: 3, VEC4: 4 };
  return {
    json: {
      buffers: [{ byteLength: at }],
      bufferViews,
      accessors: columns.map(({ type, component, values, normalized }, bufferView) => ({
        bufferView,
        type,
        componentType: componentTypes[component],
        count: values.length / size[type],
        ...(normalized === true && { normalized }),
      })),
    },
    binary: Buffer.concat(parts.map(({ bytes }) => bytes)),
  };
}
