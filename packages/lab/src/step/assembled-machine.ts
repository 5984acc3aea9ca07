/**
 * A recorded machine, put together again and brought into a saved state: for what follows from how
 * it is put together, and is not kept in the state.
 */
import type { Computer } from '@doorbell/hypervisor';
import { buildStack } from '../stacks/index.ts';
import { loadStack, type Stack, type StackState } from '../stacks/stack.ts';
import { busMapOf, type BusMap } from '../tlp/bus-map.ts';
import { stackParts, type RecordedRun } from './parts.ts';

type AddressSpace = Computer['parts']['space'];
type Region = ReturnType<AddressSpace['list']>[number];

/** A range of addresses, and what answers there. */
export interface AddressRange {
  readonly name: string;
  readonly base: number;
  /** In bytes. */
  readonly size: number;
  readonly kind: Region['kind'];
  /** RAM: where it lies in the machine's memory; a mapped device: its address on the physical bus. */
  readonly leadsTo: number | undefined;
}

/** What a CPU reaches. */
export interface AddressMap {
  /** -1: the host's; else the guest's. */
  readonly guest: number;
  /** In order of base. Where there is none, nothing answers. */
  readonly ranges: readonly AddressRange[];
}

export class AssembledMachine {
  private readonly run: RecordedRun;
  private stack: Stack | undefined;

  constructor(run: RecordedRun) {
    this.run = run;
  }

  /** Of the host, then of each guest. */
  addressMaps(state: StackState): readonly AddressMap[] {
    const { host, guests } = this.load(state);
    return [
      { guest: -1, ranges: rangesOf(host.computer.parts.space) },
      ...guests.flatMap(({ vm }, guest) =>
        vm === undefined ? [] : [{ guest, ranges: rangesOf(vm.computer.parts.space) }],
      ),
    ];
  }

  /** It answers as long as no other state is asked for. */
  busMap(state: StackState): BusMap {
    return busMapOf(this.load(state).host);
  }

  private load(state: StackState): Stack {
    // Who has died is not brought back: what the host had open for it is closed.
    const dies = this.run.request.guests?.some(({ diesAfterNs }) => diesAfterNs !== undefined);
    if (this.stack === undefined || dies === true) {
      const { spec, parts } = stackParts(this.run);
      this.stack = buildStack(spec.kind.name, parts);
    }
    loadStack(this.stack, state);
    return this.stack;
  }
}

function rangesOf(space: AddressSpace): readonly AddressRange[] {
  return space.list().map((region) => ({
    ...{ name: region.name, base: region.base, size: region.size, kind: region.kind },
    leadsTo: leadsTo(region),
  }));
}

function leadsTo(region: Region): number | undefined {
  switch (region.kind) {
    case 'ram':
      return region.memoryOffset;
    case 'mapped':
      return region.onBus;
    default:
      return undefined;
  }
}
