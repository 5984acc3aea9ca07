/**
 * Taking a bell in hand, step by step. Each step that changes something pushes its undo at once,
 * so that the same list backwards leaves the device as it was found.
 */
import {
  accessors,
  bellBars,
  bellIds,
  bellRegisters,
  channelWindow,
  commandNames,
  commands,
  extract,
  type GpuFeatures,
  MAX_COPY_BYTES,
  MAX_SURFACE,
  type Mmio,
  PAGE_BYTES,
  type PciDevice,
} from '@doorbell/abi';
import { Msix } from '../msix.ts';
import { enableBusMaster, enableMemory, matches, ProbeError } from '../pci.ts';
import type { Undo } from '../undo.ts';
import type { BellDevice } from './device.ts';
import { FirstFit } from './first-fit.ts';
import { notReset } from './reset-values.ts';
import { Scanout } from './scanout.ts';

const { ID, REVISION, CAPS, CONTROL, RESET } = bellRegisters.rows;
/** The datasheet that this driver was written for. */
const MAJOR = 1;
/** The first opcode of the 3D engine; below are the copy engine's. */
const RENDER_OPCODES = commands.setTarget.opcode;

/** @throws ProbeError, RangeError when a BAR is absent. */
export function takeInHand(port: PciDevice, undo: Undo): BellDevice {
  const { config } = port;

  // 1. Is it ours?
  if (!matches(config, bellIds)) {
    throw new ProbeError('The function is not a bell.');
  }

  // 2. Let it decode its BARs. It may not reach memory yet: who knows what it was left doing.
  undo.push(enableMemory(config));
  const window = port.mapBar(bellBars.REGISTERS.index);
  const doorbells = port.mapBar(bellBars.DOORBELLS.index);
  const aperture = port.mapBar(bellBars.VRAM.index);
  const registers = accessors(bellRegisters, window);

  // 3. Which bell is it? Nothing is written before that is known.
  const { ID: id, REVISION: revision, CAPS: caps, VRAM_PAGES: vramPages } = registers;
  checkIdentity(id.read(), revision.read());
  const parts = caps.read();
  const channels = extract(CAPS.bits.CHANNELS, parts);
  const vramBytes = vramPages.read() * PAGE_BYTES;
  checkSizes({ window, doorbells, aperture }, channels, vramBytes);
  const features = featuresOf(parts, vramBytes);

  // 4. Stop whatever it runs, and leave it stopped.
  undo.push(() => {
    registers.RESET.write(RESET.bits.RESET.mask);
  });
  registers.RESET.write(RESET.bits.RESET.mask);
  const wrong = notReset(bellRegisters, window, 0);
  if (wrong !== undefined) {
    throw new ProbeError(`The bell was reset, but ${wrong} was not.`);
  }

  // 5. It is quiet, so it may reach memory, and signal with messages.
  undo.push(enableBusMaster(config));
  const msix = new Msix(port);
  undo.push(msix.enable());

  // 6. Let its engines run. No channel is on yet.
  registers.CONTROL.write(CONTROL.bits.ENABLE.mask);
  const vram = new FirstFit(0, vramBytes / PAGE_BYTES);
  const scanout = new Scanout(registers);
  return { port, features, channels, window, registers, doorbells, aperture, vram, scanout, msix };
}

function checkIdentity(id: number, revision: number): void {
  if (id !== ID.reset) {
    throw new ProbeError(
      `The bell's ID reads 0x${id.toString(16)}, not 0x${ID.reset.toString(16)}.`,
    );
  }
  const major = extract(REVISION.bits.MAJOR, revision);
  if (major !== MAJOR) {
    throw new ProbeError(`The bell follows datasheet ${major}; this driver knows ${MAJOR}.`);
  }
}

/** What the device says that it has must fit into its BARs. */
function checkSizes(
  bars: Pick<BellDevice, 'window' | 'doorbells' | 'aperture'>,
  channels: number,
  vramBytes: number,
): void {
  const enough = (bar: Mmio, bytes: number, what: string): void => {
    if (bytes === 0 || bar.size < bytes) {
      throw new ProbeError(
        `The bell has a BAR of ${bar.size} bytes for ${bytes} bytes of ${what}.`,
      );
    }
  };
  enough(bars.window, channelWindow.base + channels * channelWindow.stride, 'registers');
  enough(bars.doorbells, channels * PAGE_BYTES, 'doorbells');
  enough(bars.aperture, vramBytes, 'VRAM');
}

function featuresOf(caps: number, vramBytes: number): GpuFeatures {
  const has = (part: keyof typeof CAPS.bits): boolean => extract(CAPS.bits[part], caps) === 1;
  if (!has('COPY')) {
    throw new ProbeError('The bell has no copy engine.');
  }
  const usable = commandNames.filter(
    (name) => commands[name].opcode < RENDER_OPCODES || has('RENDER'),
  );
  return {
    maxBufferBytes: Math.min(vramBytes, MAX_COPY_BYTES),
    maxImageSize: MAX_SURFACE,
    commands: new Set(usable),
    compute: has('COMPUTE'),
  };
}
