/** The audio function of a GPU board (docs/reference/audio.md): a controller without a codec. */
import {
  type AccessWidth,
  audioBars,
  audioIds,
  audioRegisters,
  type DeviceHost,
  EXTENDED_CONFIG,
  pcieCapability,
  pciePortTypes,
  place,
  RegisterFile,
  type Stateful,
} from '@doorbell/abi';
import { FUNCTION_ACS } from './configured-function.ts';
import { type FunctionState, PciFunction } from './pci-function.ts';

export interface AudioOptions {
  /** Its device has more functions. Default: no. */
  readonly multifunction?: boolean;
  /** Has access control services towards the other functions of its device. Default: no. */
  readonly acs?: boolean;
  /** Is a part of the root complex, as a chipset's is. Default: on a board. */
  readonly integrated?: boolean;
}

interface AudioState {
  readonly pci: FunctionState;
  readonly registers: Uint32Array;
}

/** Where the capabilities stand. */
const capabilities = { PM: 0x40, MSI: 0x50, PCIE: 0x60, ACS: EXTENDED_CONFIG } as const;
const { CAPABILITIES } = pcieCapability.rows;

export class Audio extends PciFunction implements Stateful<AudioState> {
  private readonly registers = new RegisterFile(audioRegisters);

  constructor(host: DeviceHost, options: AudioOptions = {}) {
    super(host, { ...audioIds, multifunction: options.multifunction ?? false });
    const { index, size } = audioBars.REGISTERS;
    this.addBar({
      index,
      size,
      is64: false,
      prefetchable: false,
      regions: [
        {
          base: 0,
          size,
          widths: [1, 2, 4],
          read: (offset, width) => this.readRegister(offset, width),
          write: (offset, width, value) => {
            this.registers.write(offset, width, value);
          },
        },
      ],
    });
    const type = options.integrated === true ? 'INTEGRATED_ENDPOINT' : 'ENDPOINT';
    this.addPowerManagement(capabilities.PM);
    this.addMsi(capabilities.MSI);
    this.addPcie(capabilities.PCIE, {
      CAPABILITIES: CAPABILITIES.reset | place(CAPABILITIES.bits.PORT_TYPE, pciePortTypes[type]),
    });
    if (options.acs === true) {
      this.addAcs(capabilities.ACS, FUNCTION_ACS);
    }
  }

  /** What no register holds reads 0. */
  private readRegister(offset: number, width: AccessWidth): number {
    return this.registers.has(offset, width) ? this.registers.read(offset, width) : 0;
  }

  /** It arms no timer. */
  override onTimer(): void {
    // Nothing can be due.
  }

  protected override onReset(): void {
    this.registers.reset();
  }

  save(): AudioState {
    return { pci: this.saveFunction(), registers: this.registers.save() };
  }

  load(state: AudioState): void {
    this.loadFunction(state.pci);
    this.registers.load(state.registers);
  }
}
