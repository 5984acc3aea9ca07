/**
 * WebGPU in Node: Dawn, by the package `webgpu`. Its binaries for all systems are 132 MB, so it is no
 * dependency: whoever wants it installs it.
 */
import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  openGpuDevice as openDevice,
  RendererUnavailable,
  type OpenGpuDevice,
} from '../renderers/webgpu/device.ts';

const PACKAGE = 'webgpu';
const GET_PACKAGE = `npm install --no-save ${PACKAGE}@0.6.2`;
const GET_DRIVER = 'apt-get install libvulkan1 chromium, whose Vulkan driver in software will do';
/** SwiftShader, as Debian's Chromium has it: for machines that have no other driver. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** Where the system's are (Vulkan loader, LoaderDriverInterface.md). */
const systemDrivers = [
  '/etc/vulkan/icd.d',
  '/usr/share/vulkan/icd.d',
  '/usr/local/share/vulkan/icd.d',
];

interface Dawn {
  /** @param flags  such as `backend=vulkan`. */
  create(flags: readonly string[]): GPU;
}

/** One for the process: an instance that ends takes its devices along. */
let found: GPU | undefined;

/** @throws RendererUnavailable without the package, or a driver. */
export const openGpuDevice: OpenGpuDevice = async (bufferBytes) =>
  openDevice((found ??= await findGpu()), bufferBytes);

/** @throws RendererUnavailable as `openGpuDevice` does, in a moment. */
export async function checkGpu(): Promise<void> {
  found ??= await findGpu();
}

async function findGpu(): Promise<GPU> {
  const dawn = await load();
  for (const driver of drivers()) {
    if (driver !== undefined) {
      process.env.VK_ICD_FILENAMES = driver;
    }
    const gpu = dawn.create([]);
    if ((await gpu.requestAdapter()) !== null) {
      return gpu;
    }
  }
  throw new RendererUnavailable(`renderer=webgpu finds no Vulkan driver: ${GET_DRIVER}.`);
}

/** In the order in which they are tried; undefined: what the Vulkan loader finds by itself. */
function drivers(): readonly (string | undefined)[] {
  const { VK_ICD_FILENAMES, VK_DRIVER_FILES } = process.env;
  if ((VK_ICD_FILENAMES ?? VK_DRIVER_FILES) !== undefined || !existsSync(SWIFTSHADER)) {
    return [undefined];
  }
  // Where there are none, Dawn would say so at length on stderr.
  return systemDrivers.some((folder) => existsSync(folder) && readdirSync(folder).length > 0)
    ? [undefined, SWIFTSHADER]
    : [SWIFTSHADER];
}

/** `$DOORBELL_WEBGPU` is a folder that the package was installed into. */
async function load(): Promise<Dawn> {
  const { DOORBELL_WEBGPU: folder = '' } = process.env;
  const module =
    folder === ''
      ? PACKAGE
      : pathToFileURL(resolve(folder, 'node_modules', PACKAGE, 'index.js')).href;
  try {
    return (await import(module)) as Dawn;
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    throw new RendererUnavailable(
      why
        ? `renderer=webgpu needs the package ${PACKAGE}: ${GET_PACKAGE}, and a Vulkan driver.`
        : `renderer=webgpu cannot load the package ${PACKAGE}: ${(error as Error).message}`,
    );
  }
}
