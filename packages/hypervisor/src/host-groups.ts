/**
 * The IOMMU groups of the host's functions, each with the default domain that the kernel's DMA
 * API is over (drivers/iommu/iommu.c, drivers/iommu/dma-iommu.c).
 */
import type { Bdf, DmaMappings } from '@doorbell/abi';
import { enableAcs } from './acs.ts';
import { type Charge, directDma, hardwareDomain, IommuDma } from './dma-api.ts';
import type { InvalidationKind } from './invalidation/index.ts';
import { joinedGroup } from './iommu-groups.ts';
import type { Domain, Iommu } from './iommu.ts';
import type { Machine } from './machine.ts';
import type { PciTopology } from './pci-topology.ts';
import type { HotVirtual } from './physical-pci.ts';
import type { VirtualFunctionOf } from './virtual-function.ts';
import { cost } from './profile.ts';
import type { HostFunction } from './iommu-group.ts';
import type { Vfio } from './vfio.ts';

export interface HostGroupsParts {
  readonly machine: Machine;
  readonly iommu: Iommu;
  readonly invalidation: InvalidationKind;
  readonly topology: PciTopology;
  readonly vfio: Vfio;
}

/** What the kernel maps memory through for whoever shares it. */
interface Default {
  readonly domain: Domain;
  readonly dma: IommuDma;
}

export class HostGroups {
  private readonly parts: HostGroupsParts;
  private readonly byRequester = new Map<Bdf, Default>();
  private readonly numbers = new Map<Bdf, number>();

  constructor(parts: HostGroupsParts) {
    this.parts = parts;
  }

  /** What a requester reaches while the kernel owns it. */
  domainOf(requester: Bdf): Domain | undefined {
    return this.byRequester.get(requester)?.domain;
  }

  dmaOf(requester: Bdf): DmaMappings {
    return this.byRequester.get(requester)?.dma ?? directDma;
  }

  /** What the kernel does at boot, once all functions are found; `acs` as far as there is some. */
  boot(acs: boolean): void {
    const { topology, vfio } = this.parts;
    const functions = topology.functions();
    if (acs) {
      functions.forEach((at) => {
        enableAcs(topology.endpoint(at));
      });
    }
    functions.forEach((at) => {
      this.group(at);
    });
    functions.forEach((at) => {
      vfio.probe(at);
    });
  }

  /** A function appeared. A driver binds, unless a user owns the group or it is not wanted. */
  add(at: Bdf, virtual?: HotVirtual): void {
    const { vfio } = this.parts;
    const id = this.group(at, virtual?.virtualOf);
    if (virtual?.probe === false) {
      return;
    }
    if (vfio.list().find((group) => group.id === id)?.owner === undefined) {
      vfio.probe(at);
    }
  }

  /** A function vanishes. @throws VfioError EBUSY while a user has it open. */
  remove(at: Bdf): void {
    const { vfio, topology, iommu } = this.parts;
    vfio.removeFunction(at);
    this.numbers.delete(at);
    const gone = this.byRequester.get(at);
    const shared = new Set([...this.numbers.keys()].flatMap((one) => topology.requestersOf(one)));
    for (const requester of topology.requestersOf(at).filter((each) => !shared.has(each))) {
      this.byRequester.delete(requester);
    }
    if (gone !== undefined && ![...this.byRequester.values()].includes(gone)) {
      iommu.destroyDomain(gone.domain);
    }
  }

  /** One that is in no group: a device behind a network. */
  addRemote(at: Bdf): void {
    const made = this.newDefault();
    this.byRequester.set(at, made);
    this.parts.iommu.attach(at, made.domain);
  }

  /** Puts a function in the group where it belongs. Returns its number. */
  private group(at: Bdf, virtualOf?: VirtualFunctionOf): number {
    const { topology, vfio } = this.parts;
    const joined = joinedGroup(topology, at, (other) => this.numbers.get(other));
    const id = joined ?? vfio.freeNumber();
    const one: HostFunction = {
      bdf: at,
      endpoint: topology.endpoint(at),
      requesters: topology.requestersOf(at),
      virtualOf,
    };
    const shared = [...this.numbers].find(([, number]) => number === id)?.[0];
    const owned = shared === undefined ? undefined : this.byRequester.get(shared);
    const made = owned ?? this.newDefault();
    for (const requester of topology.requestersOf(at)) {
      this.byRequester.set(requester, made);
    }
    this.numbers.set(at, id);
    if (joined === undefined) {
      vfio.addGroup(id, [one]);
    } else {
      vfio.addFunction(id, one);
    }
    return id;
  }

  private newDefault(): Default {
    const { machine, iommu, invalidation } = this.parts;
    const domain = iommu.createDomain();
    const charge: Charge = (name, times) => {
      machine.charge(cost[name], times);
    };
    const dma: IommuDma = new IommuDma({
      domain: hardwareDomain(iommu, domain, charge),
      invalidation,
      charge,
      timers: machine.timers(() => {
        dma.onTimer();
      }),
    });
    return { domain, dma };
  }

  /** Each once, in the order in which they were made. */
  private dmas(): readonly IommuDma[] {
    return [...new Set([...this.byRequester.values()].map(({ dma }) => dma))];
  }

  save(): readonly ReturnType<IommuDma['save']>[] {
    return this.dmas().map((dma) => dma.save());
  }

  load(state: readonly ReturnType<IommuDma['save']>[]): void {
    this.dmas().forEach((dma, index) => {
      dma.load(state[index]);
    });
  }
}
