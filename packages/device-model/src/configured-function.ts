/**
 * What endpoints and bridges share: configuration space with its standard capabilities, power
 * states, what the command register allows, and reset.
 */
import {
  acsCapability,
  type AccessWidth,
  type DeviceHost,
  extract,
  type MemoryBacking,
  pcieCapability,
  type PciEndpoint,
  pmCapability,
  serialCapability,
  type0Header,
} from '@doorbell/abi';
import { ConfigSpace, type Overrides } from './config-space.ts';

/** Command and status are the same in both headers. */
const { COMMAND, HEADER_TYPE } = type0Header.rows;
const POWER_STATE = pmCapability.rows.PMCSR.bits.POWER_STATE;
const D3_HOT = 3;

const acs = acsCapability.rows.CAPABILITY.bits;
/** What a function of a device with several has: requests between them go up (§6.12.1.2). */
export const FUNCTION_ACS = acs.REQUEST_REDIRECT.mask | acs.COMPLETION_REDIRECT.mask;

/** What any function says of itself. */
export interface Identity {
  readonly vendor: number;
  readonly device: number;
  readonly revision: number;
  /** Base class 23:16, sub-class 15:8, programming interface 7:0. */
  readonly classCode: number;
  /** 1: INTA. Default: none. */
  readonly interruptPin?: 0 | 1;
  /** Its device has more functions. Default: no. */
  readonly multifunction?: boolean;
}

/** What both header layouts say of a function; `layout` is 0 or 1. */
export function headerValues(identity: Identity, layout: number) {
  const { classCode } = identity;
  return {
    VENDOR_ID: identity.vendor,
    DEVICE_ID: identity.device,
    REVISION_ID: identity.revision,
    PROG_IF: classCode & 0xff,
    SUBCLASS: (classCode >>> 8) & 0xff,
    BASE_CLASS: classCode >>> 16,
    HEADER_TYPE:
      layout | (identity.multifunction === true ? HEADER_TYPE.bits.MULTIFUNCTION.mask : 0),
    INTERRUPT_PIN: identity.interruptPin ?? 0,
  };
}

export abstract class ConfiguredFunction implements PciEndpoint {
  protected readonly host: DeviceHost;
  protected readonly config = new ConfigSpace();
  /** Where power management's PMCSR stands; 0: it has none. */
  private pm = 0;

  /** The header is installed by whoever knows its layout, with `headerValues`. */
  protected constructor(host: DeviceHost) {
    this.host = host;
    this.config.watch(COMMAND.offset, COMMAND.width, () => {
      this.onGate();
    });
  }

  /** Runs when a timer that the device armed is due. */
  abstract onTimer(id: number): void;
  abstract barRead(bar: number, offset: number, width: AccessWidth): number;
  abstract barWrite(bar: number, offset: number, width: AccessWidth, value: number): void;
  abstract barMemory(bar: number): MemoryBacking | undefined;

  /** The command register or the power state may have changed. */
  protected abstract onGate(): void;
  /** Gives all but configuration space its reset value. */
  protected abstract clearRest(): void;

  // ------------------------------------------------------------------------------ making one

  /** Power management: D0 and D3hot (§5.3.1). */
  protected addPowerManagement(at: number): void {
    const { PMCSR } = pmCapability.rows;
    this.pm = at + PMCSR.offset;
    this.config.addCapability(pmCapability, at);
    this.config.watch(this.pm, PMCSR.width, (value, old) => {
      const state = extract(POWER_STATE, value);
      if (state !== 0 && state !== D3_HOT) {
        // A state that the function lacks: the write is dropped (§7.5.2.2).
        this.config.set(
          this.pm,
          PMCSR.width,
          (value & ~POWER_STATE.mask) | (old & POWER_STATE.mask),
        );
      }
      this.onGate();
    });
  }

  /** The PCI Express capability, an endpoint's by default. Function-level reset is there when it says so. */
  protected addPcie(at: number, values: Overrides<typeof pcieCapability.rows> = {}): void {
    const { DEVICE_CAPABILITIES, DEVICE_CONTROL, LINK_CONTROL } = pcieCapability.rows;
    const { ASPM, COMMON_CLOCK } = LINK_CONTROL.bits;
    const { config } = this;
    config.addCapability(pcieCapability, at, values);
    // These outlive a function-level reset (§6.6.2).
    config.keep(at + DEVICE_CONTROL.offset, 2, DEVICE_CONTROL.bits.MAX_PAYLOAD.mask);
    config.keep(at + LINK_CONTROL.offset, 2, ASPM.mask | COMMON_CLOCK.mask);
    const capabilities = config.get(at + DEVICE_CAPABILITIES.offset, 4);
    if ((capabilities & DEVICE_CAPABILITIES.bits.FLR.mask) !== 0) {
      config.watch(at + DEVICE_CONTROL.offset, 2, (_value, _old, written) => {
        if ((written & DEVICE_CONTROL.bits.FLR.mask) !== 0) {
          this.functionLevelReset();
        }
      });
    }
  }

  /** The device serial number, an EUI-64 in two halves. */
  protected addSerial(at: number, low: number, high: number): void {
    this.config.addExtended(serialCapability, at, { SERIAL_LO: low, SERIAL_HI: high });
  }

  /** Access control services: those of `flags` are implemented, and off until software enables them (§6.12). */
  protected addAcs(at: number, flags: number): void {
    const { CONTROL } = acsCapability.rows;
    this.config.addExtended(acsCapability, at, { CAPABILITY: flags });
    this.config.watch(at + CONTROL.offset, CONTROL.width, (value) => {
      // What is not implemented is hardwired to zero.
      this.config.set(at + CONTROL.offset, CONTROL.width, value & flags);
    });
  }

  // ------------------------------------------------------------------------------ gating

  protected command(mask: number): boolean {
    return (this.config.get(COMMAND.offset, 2) & mask) !== 0;
  }

  protected powered(): boolean {
    return this.pm === 0 || extract(POWER_STATE, this.config.get(this.pm, 2)) === 0;
  }

  // ------------------------------------------------------------------------------ the bus's side

  configRead(offset: number, width: AccessWidth): number {
    return this.config.read(offset, width);
  }

  configWrite(offset: number, width: AccessWidth, value: number): void {
    this.config.write(offset, width, value);
  }

  // ------------------------------------------------------------------------------ reset

  /** A conventional reset: nothing outlives it (§6.6.1). */
  reset(): void {
    this.host.trace.event('reset', -1, 0);
    this.config.reset();
    this.clearRest();
    this.onGate();
  }

  /** §6.6.2: everything but what the link needs returns to its reset value, BARs and command too. */
  private functionLevelReset(): void {
    this.host.trace.event('reset', -1, 0);
    this.config.functionLevelReset();
    this.clearRest();
    this.onGate();
  }
}
