/** What panes are given of a recorded triangle, at events of it. */
import { labEnvironment } from '@doorbell/lab/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { Bench } from '../src/machine/bench.ts';
import {
  paneNames,
  type Inspection,
  type PaneName,
  type RunOptions,
  type Side,
} from '../src/machine/contract.ts';

const options: Omit<RunOptions, 'stacks'> = {
  ...{ scene: 'triangle', frames: 1, width: 32, height: 32, seed: 1 },
  ...{ guests: 1, mix: [], profile: 'kvm-x86', prices: {}, source: false },
};
const listener = { progress: () => undefined, shown: () => undefined, backend: () => undefined };

async function recorded(
  stacks: readonly string[],
): Promise<{ bench: Bench; sides: readonly Side[] }> {
  const bench = new Bench(labEnvironment, Promise.resolve(new Map()));
  const sides = await bench.run({ ...options, stacks }, listener);
  return { bench, sides };
}

/** The registers of a group, by name. */
function group({ registers }: Inspection, title: string): ReadonlyMap<string, number> {
  const found = registers.find((each) => each.title === title);
  return new Map(found?.registers.map(({ name, value }) => [name, value]));
}

/** What a pane shows of the only side. */
async function inspected(bench: Bench, pane: PaneName, event?: number): Promise<Inspection> {
  const inspection = await bench.inspect(0, pane, event);
  if (inspection === undefined) {
    throw new Error('Nothing was recorded.');
  }
  return inspection;
}

/** Goes to the first event of a kind; where it stands then. */
async function first(bench: Bench, kind: string): Promise<number> {
  await bench.command('go 0');
  const { standing } = await bench.command(`r ${kind}`);
  const [{ at, text }] = standing.places;
  expect(text).toContain(kind);
  return at;
}

describe.each(['native', 'pv', 'mdev'])('the panes of %s', (stack) => {
  let bench: Bench;
  let side: Side;

  beforeAll(async () => {
    ({
      bench,
      sides: [side],
    } = await recorded([stack]));
  }, 60_000);

  it('rings: when the first packet begins, it and its fence lie between head and tail', async () => {
    const at = await first(bench, 'packet');
    const { rings = [], event } = await inspected(bench, 'rings');
    expect(event).toBe(at);
    const channel = side.columns.a[at - 1];
    const ring = rings.find((each) => each.channel === channel);
    expect(ring).toMatchObject({ unread: '' });
    expect(ring?.packets.map(({ name }) => name)).toContain('FENCE');
    const fence = ring?.packets.find(({ name }) => name === 'FENCE');
    expect(fence?.fields).toEqual(['value', 'interrupt']);
    expect(fence?.words).toHaveLength(3);
  });

  it("registers: a field lies where the map has it, and a channel's are those of its ring", async () => {
    await first(bench, 'doorbell');
    const inspection = await inspected(bench, 'rings');
    const control = inspection.registers
      .find(({ title }) => title === 'bell')
      ?.registers.find(({ name }) => name === 'CONTROL');
    expect(control?.bits).toMatchObject([{ name: 'ENABLE', lsb: 0, width: 1, value: 1 }]);
    expect(control?.width).toBe(4);
    for (const { channel, head, tail, base } of inspection.rings ?? []) {
      const registers = group(inspection, `channel ${channel}`);
      expect([registers.get('HEAD'), registers.get('TAIL'), registers.get('RING')]).toEqual([
        ...[head, tail, base],
      ]);
    }
  });

  it('config: the capabilities are there, and every BAR that decodes has its range', async () => {
    await first(bench, 'doorbell');
    const inspection = await inspected(bench, 'config');
    const { functions = [], maps = [] } = inspection.config ?? {};
    const bell = functions.find(({ guest, kind }) => guest < 0 && kind === 'bell');
    expect(bell?.capabilities.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['power management', 'MSI-X', 'PCI Express', 'device serial number']),
    );
    const [host, guest] = maps;
    expect(host.ranges.map(({ name }) => name)).toContain('01:00.0 BAR0');
    expect(guest === undefined).toBe(stack === 'native');
    const kinds = new Set(guest?.ranges.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(
      { native: [], pv: ['doorbell', 'ram', 'trapped'], mdev: ['mapped', 'ram', 'trapped'] }[stack],
    );
    for (const { ranges } of maps) {
      for (let index = 1; index < ranges.length; index++) {
        const { base, size } = ranges[index - 1];
        expect(ranges[index].base).toBeGreaterThanOrEqual(base + size);
      }
    }
  });

  it('pages: the ring is found through the tables, and so is what a transfer reached for', async () => {
    await first(bench, 'packet');
    await bench.command('r dmaRead');
    const { walks } = await inspected(bench, 'pages');
    expect(walks?.walkable.iommu).toBe(true);
    const [ring, ...others] = walks?.proposed ?? [];
    expect(ring.walk?.steps.map(({ table }) => table)).toEqual(['directory', 'table']);
    expect(ring.walk?.steps.every(({ flags }) => flags.includes('VALID'))).toBe(true);
    expect(others.length).toBeGreaterThan(0);
    for (const { query, walk } of others) {
      expect(query.kind).toBe('iommu');
      expect(walk?.address).toBeGreaterThan(0);
      expect(walk?.end).toBe('memory');
    }
    expect(await bench.walkPages(0, ring.query)).toEqual(ring.walk);
  });

  it('vram: the tables that a walk reads are there, where it reads them', async () => {
    await first(bench, 'packet');
    const { walks } = await inspected(bench, 'pages');
    const { vram = [] } = await inspected(bench, 'vram');
    expect(vram.map(({ bytes }) => bytes)).toEqual([256 * 2 ** 20]);
    for (const { at, low } of walks?.proposed[0].walk?.steps ?? []) {
      const rows = await bench.vram(0, { gpu: 0, address: at, bytes: 4 });
      expect(rows?.map(({ hex }) => parseInt(hex.toReversed().join(''), 16))).toEqual([low]);
    }
    const [{ bytes }] = vram;
    expect(await bench.vram(0, { gpu: 0, address: bytes, bytes: 16 })).toBeUndefined();
    expect(await bench.vram(0, { gpu: 1, address: 0, bytes: 16 })).toBeUndefined();
  });

  it('iotlb: what missed is there behind the next transfer', async () => {
    const at = await first(bench, 'iotlbMiss');
    const missed = side.columns.a[at - 1];
    await bench.command('n 20');
    const { iotlb = [] } = await inspected(bench, 'iotlb');
    expect(iotlb.some(({ iova, bytes }) => missed >= iova && missed < iova + bytes)).toBe(true);
  });

  it('packets: those of the event are among those that are shown, numbered without gaps', async () => {
    const at = await first(bench, 'mmioWrite');
    await bench.command('go end');
    const all = (await inspected(bench, 'packets')).packets;
    expect(all?.packets.at(-1)?.number).toBe(all?.summary.total.packets);
    const around = (await inspected(bench, 'packets', at)).packets?.packets ?? [];
    expect(around.length).toBeLessThanOrEqual(200);
    around.forEach(({ number }, index) => {
      expect(number).toBe(around[0].number + index);
    });
    expect(around.some(({ event }) => event >= at)).toBe(true);
    const beginning = bench.packetsFrom(0, 1);
    expect(beginning[0]).toMatchObject({ number: 1 });
    expect(bench.packetsFrom(0, around[0].number)).toEqual(around);
  });

  it('owners and scheduler: one group has the GPU, and one tenant the engines', async () => {
    const at = await first(bench, 'packet');
    const { ownership } = await inspected(bench, 'ownership');
    expect(ownership?.groups.flatMap(({ members }) => members.map(({ bdf }) => bdf))).toContain(
      0x100,
    );
    expect(ownership?.devices.map(({ backing }) => backing)).toEqual(
      { native: [], pv: ['backend'], mdev: ['mediated'] }[stack],
    );
    const { schedulers = [] } = await inspected(bench, 'scheduler', at + 1);
    expect(schedulers.map(({ running }) => running)).toEqual([0]);
    const [{ tenants }] = await bench.engineTimelines(0);
    expect(tenants.map(({ tenant }) => tenant)).toEqual([0]);
    expect(tenants[0].ran.starts.length).toBeGreaterThan(0);
  });

  it('counters: they only grow', async () => {
    const half = await inspected(bench, 'counters', Math.floor(side.columns.times.length / 2));
    const end = new Map((await inspected(bench, 'counters', side.columns.times.length)).counters);
    for (const [name, count] of half.counters) {
      expect(end.get(name)).toBeGreaterThanOrEqual(count);
    }
    expect(end.get('doorbells')).toBeGreaterThan(0);
  });
});

it(
  'each pane has what is always there, and only its own beside it',
  { timeout: 30_000 },
  async () => {
    const { bench } = await recorded(['native']);
    await bench.command('go end');
    const always = ['counters', 'engines', 'event', 'registers'];
    for (const pane of paneNames) {
      const keys = Object.keys(await inspected(bench, pane)).filter((key) => !always.includes(key));
      expect(keys).toEqual(
        {
          rings: ['rings', 'queues'],
          pages: ['walks'],
          vram: ['vram'],
          scheduler: ['schedulers'],
          ...{
            config: ['config'],
            iotlb: ['iotlb'],
            ownership: ['ownership'],
            packets: ['packets'],
          },
          ...{ why: [], causes: [], registers: [], counters: [], session: [] },
        }[pane],
      );
    }
  },
);
