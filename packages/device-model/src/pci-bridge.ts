/**
 * A PCI-to-PCI bridge: a root port, a port of a switch, or a PCIe-to-PCI bridge. It is its type 1
 * header; whoever has the topology asks that header what it passes on.
 */
import {
  type AccessWidth,
  acsCapability,
  allOnes,
  bridgeIds,
  type DeviceHost,
  EXTENDED_CONFIG,
  type MemoryBacking,
  pcieCapability,
  pciePortTypes,
  place,
  type Stateful,
  type1Header,
} from '@doorbell/abi';
import { ConfiguredFunction, headerValues } from './configured-function.ts';

export type BridgeKind = 'ROOT_PORT' | 'UPSTREAM_PORT' | 'DOWNSTREAM_PORT' | 'PCI_BRIDGE';

export interface BridgeOptions {
  readonly kind: BridgeKind;
  /** Has access control services: a root port's or a downstream port's. Default: no. */
  readonly acs?: boolean;
  /** Its device has more functions. Default: no. */
  readonly multifunction?: boolean;
  /** Resets all that is behind it. */
  readonly resetSecondary: () => void;
}

export interface BridgeState {
  readonly config: Uint8Array;
}

/** Where the capabilities stand. */
const capabilities = { PM: 0x40, PCIE: 0x50, ACS: EXTENDED_CONFIG } as const;
const { BRIDGE_CONTROL } = type1Header.rows;
const { SECONDARY_BUS_RESET } = BRIDGE_CONTROL.bits;
const { CAPABILITIES, DEVICE_CAPABILITIES } = pcieCapability.rows;

const acs = acsCapability.rows.CAPABILITY.bits;
/** All but the egress vector and what only devices with address translation services use. */
const PORT_ACS =
  acs.SOURCE_VALIDATION.mask |
  acs.TRANSLATION_BLOCKING.mask |
  acs.REQUEST_REDIRECT.mask |
  acs.COMPLETION_REDIRECT.mask |
  acs.UPSTREAM_FORWARDING.mask;

export class PciBridge extends ConfiguredFunction implements Stateful<BridgeState> {
  readonly kind: BridgeKind;

  /** @throws RangeError for ACS on a port that cannot have it (§6.12.1). */
  constructor(host: DeviceHost, options: BridgeOptions) {
    super(host);
    const { kind, resetSecondary } = options;
    const { vendor, revision, classCode } = bridgeIds;
    const many = options.multifunction === true;
    this.kind = kind;
    this.config.install(
      type1Header,
      0,
      headerValues(
        { vendor, device: bridgeIds[kind], revision, classCode, multifunction: many },
        type1Header.rows.HEADER_TYPE.reset,
      ),
    );
    this.addPowerManagement(capabilities.PM);
    this.addPcie(capabilities.PCIE, {
      CAPABILITIES: CAPABILITIES.reset | place(CAPABILITIES.bits.PORT_TYPE, pciePortTypes[kind]),
      DEVICE_CAPABILITIES: DEVICE_CAPABILITIES.reset & ~DEVICE_CAPABILITIES.bits.FLR.mask,
    });
    if (options.acs === true) {
      if (kind === 'PCI_BRIDGE' || (kind === 'UPSTREAM_PORT' && !many)) {
        throw new RangeError(`A ${kind} of one function has no access control services.`);
      }
      this.addAcs(capabilities.ACS, PORT_ACS);
    }
    this.watchWindows();
    this.config.watch(BRIDGE_CONTROL.offset, BRIDGE_CONTROL.width, (value, old) => {
      if ((value & ~old & SECONDARY_BUS_RESET.mask) !== 0) {
        resetSecondary();
      }
    });
  }

  private watchWindows(): void {
    const { MEMORY_BASE, PREFETCH_LIMIT_HI } = type1Header.rows;
    for (let at = MEMORY_BASE.offset; at <= PREFETCH_LIMIT_HI.offset; at += 4) {
      this.config.watch(at, 4, (value, old) => {
        if (value !== old) {
          this.host.decodeChanged();
        }
      });
    }
  }

  /** A bridge arms no timer. */
  override onTimer(): void {
    // Nothing can be due.
  }

  protected override onGate(): void {
    this.host.decodeChanged();
  }

  protected override clearRest(): void {
    // Its registers are all that it is.
  }

  override barRead(_bar: number, _offset: number, width: AccessWidth): number {
    return allOnes(width);
  }

  override barWrite(): void {
    // It has no BARs.
  }

  override barMemory(): MemoryBacking | undefined {
    return undefined;
  }

  save(): BridgeState {
    return { config: this.config.save() };
  }

  load(state: BridgeState): void {
    this.config.load(state.config);
  }
}
