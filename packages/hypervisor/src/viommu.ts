/**
 * A guest's own IOMMU in front of assigned functions, as QEMU's intel-iommu with caching-mode=on
 * emulates it: the guest's kernel keeps tables in its RAM and invalidates by its queue, of which
 * the write to the tail register traps. In caching mode that is so for entries that become
 * present, too (VT-d 3.3 §6.1), so that the host can bring each change into the physical IOMMU.
 *
 * The tables are real. Of the queue there is what it costs: a trap for each submission.
 */
import type { Bdf, DmaMappings, MemoryBacking, Stateful } from '@doorbell/abi';
import { type Charge, type DmaDomain, IommuDma, type IommuDmaState } from './dma-api.ts';
import type { InvalidationKind } from './invalidation/index.ts';
import { IoPageTable, type TablePages } from './io-page-table.ts';
import { selectiveBlock } from './iommu.ts';
import { IovaShadow, type IovaShadowState } from './iova-shadow.ts';
import type { Machine } from './machine.ts';
import { cost } from './profile.ts';
import type { VfioContainer } from './vfio-container.ts';

/** IQT_REG (VT-d 3.3 §11.4.9.2) of the unit that QEMU's q35 has at Q35_HOST_BRIDGE_IOMMU_ADDR. */
const QUEUE_TAIL = 0xfed9_0000 + 0x88;
/** aw-bits=39, which was QEMU's default for long. */
const LEVELS = 3;

export interface VirtualIommuParts {
  readonly machine: Machine;
  /** The guest's RAM. */
  readonly memory: MemoryBacking;
  /** Of the guest's kernel. */
  readonly pages: TablePages;
  readonly invalidation: InvalidationKind;
}

interface Guarded {
  readonly dma: IommuDma;
  readonly shadow: IovaShadow;
}

export type VirtualIommuState = readonly {
  readonly dma: IommuDmaState;
  readonly shadow: IovaShadowState;
}[];

export class VirtualIommu implements Stateful<VirtualIommuState> {
  private readonly parts: VirtualIommuParts;
  /** In the order in which they were added. */
  private readonly functions = new Map<Bdf, Guarded>();

  constructor(parts: VirtualIommuParts) {
    this.parts = parts;
  }

  /** Puts a function behind it, in a domain of its own. What the guest maps, `container` gets. */
  add(at: Bdf, container: VfioContainer): void {
    const { machine, memory, pages, invalidation } = this.parts;
    const charge: Charge = (name, times) => {
      machine.charge(cost[name], times);
    };
    const table = new IoPageTable(memory, pages, { levels: LEVELS });
    const shadow = new IovaShadow({ memory, table, container, charge });
    const dma: IommuDma = new IommuDma({
      domain: this.domain(table, shadow),
      invalidation,
      charge,
      timers: machine.timers(() => {
        dma.onTimer();
      }),
    });
    this.functions.set(at, { dma, shadow });
  }

  /** The guest's DMA API for a function; undefined: it is not behind this. */
  dmaOf(at: Bdf): DmaMappings | undefined {
    return this.functions.get(at)?.dma;
  }

  /** Bytes that the guest has unmapped for a function, and that its device still reaches. */
  pendingBytes(at: Bdf): number {
    return this.functions.get(at)?.dma.pendingBytes ?? 0;
  }

  save(): VirtualIommuState {
    return [...this.functions.values()].map(({ dma, shadow }) => ({
      dma: dma.save(),
      shadow: shadow.save(),
    }));
  }

  load(state: VirtualIommuState): void {
    [...this.functions.values()].forEach(({ dma, shadow }, index) => {
      dma.load(state[index].dma);
      shadow.load(state[index].shadow);
    });
  }

  private domain(table: IoPageTable, shadow: IovaShadow): DmaDomain {
    const selective = (iova: number, bytes: number): void => {
      const block = selectiveBlock(iova, bytes) ?? { iova: 0, bytes: table.limit };
      this.invalidation(() => {
        shadow.sync(block.iova, block.bytes);
      });
    };
    return {
      table,
      mapped: selective,
      invalidate: selective,
      invalidateAll: () => {
        this.invalidation(() => {
          shadow.sync(0, table.limit);
        });
      },
    };
  }

  /** The guest submits a descriptor and one that waits for it; when the write returns, both are done. */
  private invalidation(serve: () => void): void {
    const { machine } = this.parts;
    const { tracer } = machine;
    const { cause } = tracer;
    machine.exit('viommu', cost['exit.mmio'], QUEUE_TAIL);
    machine.charge(cost['emulation.access']);
    serve();
    tracer.cause = cause;
  }
}
