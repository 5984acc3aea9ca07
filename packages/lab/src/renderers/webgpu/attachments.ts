/** The textures that render passes draw on: as large as the largest target so far, of all alike. */
import { COLOR_FORMAT, DEPTH_FORMAT } from './draw-pipelines.ts';
import { textureUsage } from './usage.ts';

interface Textures {
  readonly color: GPUTexture;
  readonly depth: GPUTexture;
  readonly width: number;
  readonly height: number;
  readonly descriptor: GPURenderPassDescriptor;
  /** For `store`. */
  readonly group: GPUBindGroup;
}

export class Attachments {
  private readonly device: GPUDevice;
  private readonly layout: GPUBindGroupLayout;
  private textures: Textures | undefined;

  /** @param layout  of the kernel that stores a target. */
  constructor(device: GPUDevice, layout: GPUBindGroupLayout) {
    this.device = device;
    this.layout = layout;
  }

  /** With room for so many pixels. What they hold is whatever was drawn last. */
  reserve(width: number, height: number): Textures {
    const { textures } = this;
    if (textures !== undefined && textures.width >= width && textures.height >= height) {
      return textures;
    }
    // What is submitted keeps the old ones for as long as it needs them.
    const larger = this.make(
      Math.max(width, textures?.width ?? 0),
      Math.max(height, textures?.height ?? 0),
    );
    this.textures = larger;
    return larger;
  }

  private make(width: number, height: number): Textures {
    const { device, layout } = this;
    const usage = textureUsage.RENDER_ATTACHMENT | textureUsage.TEXTURE_BINDING;
    const size = [width, height];
    const color = device.createTexture({ size, usage, format: COLOR_FORMAT });
    const depth = device.createTexture({ size, usage, format: DEPTH_FORMAT });
    const [colorView, depthView] = [color.createView(), depth.createView()];
    return {
      ...{ color, depth, width, height },
      descriptor: {
        colorAttachments: [{ view: colorView, loadOp: 'clear', storeOp: 'store' }],
        depthStencilAttachment: {
          ...{ view: depthView, depthClearValue: 1 },
          ...{ depthLoadOp: 'clear', depthStoreOp: 'store' },
        },
      },
      group: device.createBindGroup({
        layout,
        entries: [
          { binding: 0, resource: colorView },
          { binding: 1, resource: depthView },
        ],
      }),
    };
  }
}
