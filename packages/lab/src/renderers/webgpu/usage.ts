/** Flags as WebGPU has them (W3C, §5.1.2, §6.1.1, §10.1): a browser has them as globals, Node has not. */
export const bufferUsage = {
  MAP_READ: 0x0001,
  COPY_SRC: 0x0004,
  COPY_DST: 0x0008,
  INDEX: 0x0010,
  VERTEX: 0x0020,
  UNIFORM: 0x0040,
  STORAGE: 0x0080,
  INDIRECT: 0x0100,
} as const;

export const textureUsage = { TEXTURE_BINDING: 0x04, RENDER_ATTACHMENT: 0x10 } as const;
export const shaderStage = { VERTEX: 0x1, FRAGMENT: 0x2, COMPUTE: 0x4 } as const;
export const mapMode = { READ: 0x0001 } as const;
