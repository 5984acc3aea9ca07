import { barOffset, bellBars, bellRegisters, tlpTypes, type0Header } from '@doorbell/abi';
import { profiles, type TraceEvent } from '@doorbell/hypervisor';
import { describe, expect, it } from 'vitest';
import { stackSpec } from '../../src/stack-spec.ts';
import { buildStack } from '../../src/stacks/index.ts';
import { HOST_GPU } from '../../src/stacks/physical-machine.ts';
import { alone, GUEST_GPU, type Stack } from '../../src/stacks/stack.ts';
import { busMapOf, purposeOf, tlpsOf, type Tlp } from '../../src/tlp/index.ts';
import { ROOT_COMPLEX } from '../../src/tlp/packets.ts';
import { tracedRun } from '../traced-run.ts';

const onTheBus = ['native', 'native:iommu=off', 'passthrough', 'pv'] as const;

interface Run {
  readonly stack: Stack;
  readonly trace: readonly TraceEvent[];
  readonly tlps: readonly Tlp[];
}

async function run(stackText: string, scene?: string): Promise<Run> {
  const stack = await tracedRun(stackText, scene);
  const { tracer } = stack.host.machine;
  return { stack, trace: [...tracer], tlps: [...tlpsOf(tracer, busMapOf(stack.host))] };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

describe.each(onTheBus)('the packets of %s', (stackText) => {
  it('carry the bytes of the trace, no more and no fewer', async () => {
    const { trace, tlps } = await run(stackText, 'image');
    const carried = (type: string, direction: string): number =>
      sum(
        tlps.filter((tlp) => tlp.header.type === type && tlp.direction === direction),
        ({ payload }) => payload,
      );
    const bytes = (kind: string): number =>
      sum(
        trace.filter((event) => event.kind === kind && event.c !== 0),
        ({ b }) => b,
      );
    const messages = trace.filter(({ kind }) => kind === 'message').length;
    expect(messages).toBeGreaterThan(0);
    expect(bytes('dmaRead')).toBeGreaterThan(0);
    expect(carried('CplD', 'down')).toBe(bytes('dmaRead'));
    expect(carried('MWr', 'up')).toBe(bytes('dmaWrite') + 4 * messages);
  });

  it('answer each request that is not posted wholly, once, under a tag that is its own meanwhile', async () => {
    const { tlps } = await run(stackText);
    const open = new Map<string, number>();
    for (const { header, flow, payload } of tlps) {
      const key = `${header.requester} ${header.tag}`;
      if (flow === 'non-posted') {
        expect(open.has(key)).toBe(false);
        open.set(key, -1);
      } else if ('byteCount' in header) {
        expect(open.has(key)).toBe(true);
        const owed = open.get(key)!;
        expect(owed === -1 || owed === header.byteCount).toBe(true);
        const rest = header.type === 'CplD' ? header.byteCount - payload : 0;
        if (rest === 0) {
          open.delete(key);
        } else {
          open.set(key, rest);
        }
      }
    }
    expect(open.size).toBe(0);
  });

  it('have the IDs of the root complex and the HOST_GPU, and no other', async () => {
    const { tlps } = await run(stackText);
    expect([...new Set(tlps.map(({ header }) => header.requester))]).toEqual([
      ROOT_COMPLEX,
      HOST_GPU,
    ]);
    for (const { header, direction } of tlps) {
      const sender = tlpTypes[header.type].shape === 'completion' ? 'completer' : 'requester';
      const id = (header as unknown as Record<string, number>)[sender];
      expect(id).toBe(direction === 'up' ? HOST_GPU : ROOT_COMPLEX);
    }
  });
});

/** Requests of the CPU to BARs, without addresses, which may differ from machine to machine. */
function accesses({ tlps, stack }: Run, bars: readonly number[]): string[] {
  const bus = busMapOf(stack.host);
  return tlps
    .filter(({ header, direction }) => direction === 'down' && 'address' in header)
    .flatMap(({ header, payload, address }) => {
      const place = bus.place(address!)!;
      return bars.includes(place.bar)
        ? [`${header.type} BAR${place.bar}+${place.offset} ${payload}`]
        : [];
    });
}

it('a guest with a HOST_GPU of its own sends what bare metal sends, but for what traps', async () => {
  const native = await run('native');
  const guest = await run('passthrough');
  const registersDoorbellsAndVram = [0, 1, 2];
  expect(accesses(guest, registersDoorbellsAndVram)).toEqual(
    accesses(native, registersDoorbellsAndVram),
  );
  const msix = [4];
  expect(accesses(native, msix).length).toBeGreaterThan(0);
  expect(accesses(guest, msix)).toEqual([]);
  const config = ({ tlps }: Run): number =>
    tlps.filter(({ header }) => 'register' in header).length;
  expect(config(native)).toBeGreaterThan(0);
  expect(config(guest)).toBe(0);
});

it("an address on the bus is the host's, wherever the guest has put its BARs", () => {
  const stack = buildStack('passthrough', {
    profile: profiles.get('free')!,
    options: stackSpec('passthrough').options,
    guests: alone({ flip: () => undefined }),
  });
  const { config, mapBar } = stack.guests[0].computer.device(GUEST_GPU);
  const elsewhere = 0xd000_0000;
  config.write(barOffset(bellBars.REGISTERS.index), 4, elsewhere);
  config.write(type0Header.rows.COMMAND.offset, 2, type0Header.rows.COMMAND.bits.MEMORY.mask);
  const { tracer } = stack.host.machine;
  tracer.recording = true;
  const { ID } = bellRegisters.rows;
  expect(mapBar(bellBars.REGISTERS.index).read(ID.offset, ID.width)).toBe(ID.reset);
  expect(tracer.at(1)).toMatchObject({ kind: 'mmioRead', a: elsewhere });
  const [request, completion] = [...tlpsOf(tracer, busMapOf(stack.host))];
  const { address } = stack.host.bus.barAddress(HOST_GPU, bellBars.REGISTERS.index);
  expect(address).not.toBe(elsewhere);
  expect(request.address).toBe(address);
  expect(completion.header).toMatchObject({ type: 'CplD', completer: HOST_GPU });
});

it.each(['emulated', 'emulated:vram=trap', 'pv:renderer=software'])(
  '%s reaches no physical function, so that there is no packet',
  async (stackText) => {
    const { tlps, trace } = await run(stackText);
    expect(trace.some(({ kind }) => kind === 'mmioWrite')).toBe(true);
    expect(tlps).toEqual([]);
  },
);

it("a paravirtual guest's own accesses are no packets: those that there are follow from the backend", async () => {
  const { trace } = await run('pv');
  const exits = new Set(trace.filter(({ kind }) => kind === 'exit').map(({ cause }) => cause));
  const trapped = trace.filter(({ id }) => exits.has(id));
  expect(trapped.length).toBeGreaterThan(0);
  expect(trapped.every(({ c }) => c === 0)).toBe(true);
});

it('names the doorbell, the registers and the interrupts', async () => {
  const { stack, tlps } = await run('native');
  const { tracer } = stack.host.machine;
  const bus = busMapOf(stack.host);
  const purposes = new Set(tlps.map((tlp) => purposeOf(tlp, bus, tracer)));
  for (const purpose of [
    ...['BAR1+0x0000 doorbell 0 TAIL', 'BAR0+0x0000 ID', 'BAR0+0x4010 channel 0 RING'],
    ...['BAR4+0x000c vector 0 CONTROL', 'config 0x004 COMMAND', 'memory for doorbell', 'SC'],
  ]) {
    expect(purposes).toContain(purpose);
  }
  expect([...purposes].some((purpose) => /^message 0x[0-9a-f]+$/.test(purpose))).toBe(true);
  expect([...purposes].some((purpose) => purpose.includes('undefined'))).toBe(false);
});
