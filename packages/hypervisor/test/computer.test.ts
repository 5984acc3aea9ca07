import { bdf, PAGE_BYTES, type PciDevice } from '@doorbell/abi';
import { PagedMemory } from '@doorbell/device-model';
import { describe, expect, it } from 'vitest';
import { AddressSpace } from '../src/address-space.ts';
import { Computer } from '../src/computer.ts';
import { directDma } from '../src/dma-api.ts';
import { InterruptController, type InterruptMode } from '../src/interrupt-controller.ts';
import { Machine } from '../src/machine.ts';
import { PageAllocator } from '../src/page-allocator.ts';
import { PciBus, type BarPart } from '../src/pci-bus.ts';
import { profiles } from '../src/profile.ts';
import { Recorder } from '../src/recorder.ts';
import { Replay, ReplayDivergence } from '../src/replay.ts';
import { FakeEndpoint } from './fake-endpoint.ts';

const AT = bdf(0, 2, 0);
const RAM_BASE = 16 * PAGE_BYTES;

interface Setting {
  readonly kind?: BarPart['kind'];
  readonly mode?: InterruptMode;
}

function computer({ kind = 'mapped', mode = 'native' }: Setting = {}) {
  const machine = new Machine(profiles.get('kvm-x86')!);
  const cpu = machine.newCpu();
  const space = new AddressSpace();
  const bus = new PciBus(space, machine.tracer);
  const endpoint = new FakeEndpoint();
  endpoint.decodeChanged = () => {
    bus.decodeChanged(AT);
  };
  bus.plug(AT, endpoint, (_bar, size) => [{ kind, offset: 0, size }]);
  bus.assignBars();
  endpoint.configWrite(0x04, 2, 2);
  const interrupts = new InterruptController(machine, cpu, mode);
  const memory = new PagedMemory(64 * PAGE_BYTES);
  const line = interrupts.newLine();
  const made = new Computer({
    machine,
    cpu,
    space,
    bus,
    interrupts,
    memory,
    ramBase: RAM_BASE,
    ramBytes: 32 * PAGE_BYTES,
    pages: new PageAllocator(0, 32 * PAGE_BYTES),
    virtual: kind === 'trapped',
    dmaFor: () => directDma,
    lineOf: () => line,
  });
  const device: PciDevice = made.device(AT);
  return { machine, cpu, endpoint, interrupts, memory, computer: made, device, line };
}

describe('Computer: MMIO', () => {
  it('reaches a mapped region directly: no exit, and the price of a posted write', () => {
    const { machine, endpoint, device } = computer();
    device.mapBar(0).write(8, 4, 0xabcd);
    expect(endpoint.log).toEqual(['write 0 8 4 43981']);
    expect(machine.counts.directAccesses).toBe(1);
    expect(machine.counts.exitsByReason['mmio-write']).toBe(0);
    expect(machine.now).toBe(machine.profile.constants['mmio.write'].value);
  });

  it('leaves the guest for each access to a trapped region', () => {
    const { machine, endpoint, device } = computer({ kind: 'trapped' });
    endpoint.words[1] = 77;
    const bar = device.mapBar(0);
    bar.write(8, 4, 1);
    expect(bar.read(4, 4)).toBe(77);
    expect(machine.counts.directAccesses).toBe(0);
    expect(machine.counts.exitsByReason).toMatchObject({ 'mmio-write': 1, 'mmio-read': 1 });
    const { constants } = machine.profile;
    expect(machine.now).toBe(
      2 * (constants['exit.mmio'].value + constants['emulation.access'].value),
    );
  });

  it('leaves the guest for each word of a block in a trapped region', () => {
    const { machine, endpoint, device } = computer({ kind: 'trapped' });
    device.mapBar(0).writeBlock(0, new Uint8Array([1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]));
    expect(machine.counts.exitsByReason['mmio-write']).toBe(3);
    expect([...endpoint.words.subarray(0, 3)]).toEqual([1, 2, 3]);
  });

  it('reads all ones, and loses writes, where nothing decodes', () => {
    const { endpoint, device } = computer();
    const bar = device.mapBar(0);
    device.config.write(0x04, 2, 0);
    bar.write(0, 4, 5);
    expect(bar.read(0, 4)).toBe(0xffffffff);
    expect(bar.read(0, 2)).toBe(0xffff);
    expect(endpoint.log).toEqual([]);
  });

  it('refuses offsets that are beyond the BAR or misaligned: a mistake of the caller', () => {
    const bar = computer().device.mapBar(0);
    expect(() => bar.read(4096, 4)).toThrow(RangeError);
    expect(() => bar.read(2, 4)).toThrow(RangeError);
    expect(() => {
      bar.writeBlock(4092, new Uint8Array(8));
    }).toThrow(RangeError);
  });

  it('traces an access and makes it the cause of the exit', () => {
    const { machine, device } = computer({ kind: 'trapped' });
    machine.tracer.recording = true;
    device.mapBar(0).write(8, 4, 9);
    const [access, exit] = [...machine.tracer];
    expect(access).toMatchObject({ kind: 'mmioWrite', b: 9, cause: 0 });
    expect(exit).toMatchObject({ kind: 'exit', cause: access?.id });
  });
});

describe('Computer: RAM', () => {
  it('is its part of the machine, from address 0 on', () => {
    const { device, memory } = computer();
    device.memory.write32(0x104, 0x11223344);
    expect(memory.words[(RAM_BASE + 0x104) / 4]).toBe(0x11223344);
    expect(device.memory.read32(0x104)).toBe(0x11223344);
  });

  it('ends where it ends', () => {
    const { device } = computer();
    expect(() => device.memory.read32(32 * PAGE_BYTES)).toThrow(RangeError);
    expect(() => {
      device.memory.copyIn(-4, new Uint8Array(4));
    }).toThrow(RangeError);
  });

  it('gives pages that are zero, though they were used before', () => {
    const { device } = computer();
    const first = device.memory.allocate(PAGE_BYTES);
    device.memory.write32(first, 5);
    device.memory.free(first);
    expect(device.memory.allocate(PAGE_BYTES)).toBe(first);
    expect(device.memory.read32(first)).toBe(0);
  });

  it('counts the bytes that the CPU copies', () => {
    const { device, machine } = computer();
    device.memory.copyIn(0, new Uint8Array(1000));
    device.memory.copyOut(0, new Uint8Array(24));
    expect(machine.counts.bytesCopied).toBe(1024);
  });
});

describe('Computer: interrupts', () => {
  it('costs a guest three exits, or none when posted, or its delivery on bare metal', () => {
    for (const [mode, exits, injections] of [
      ['injected', 3, 1],
      ['posted', 0, 1],
      ['native', 0, 0],
    ] as const) {
      const { device, interrupts, machine } = computer({ mode });
      let runs = 0;
      const { address, data } = device.irq.request(() => runs++);
      interrupts.signal(address, data);
      expect(runs).toBe(0);
      device.memory.read32(0);
      expect(runs).toBe(1);
      const { exitsByReason } = machine.counts;
      expect(Object.values(exitsByReason).reduce((a, b) => a + b, 0)).toBe(exits);
      expect(machine.counts.injections).toBe(injections);
    }
  });

  it('drops a message that nobody asked for', () => {
    const { device, interrupts } = computer();
    const message = device.irq.request(() => undefined);
    device.irq.release(message);
    interrupts.signal(message.address, message.data);
    interrupts.signal(message.address, 4000);
    interrupts.signal(0x1234, message.data);
    expect(() => device.memory.read32(0)).not.toThrow();
  });

  it('runs the handler of a line again while it is high, and masks one that nobody quiets', () => {
    const { device, interrupts, line } = computer();
    let runs = 0;
    device.irq.requestLine(() => {
      if (++runs === 3) {
        interrupts.setLine(line, false);
      }
    });
    interrupts.setLine(line, true);
    device.memory.read32(0);
    expect(runs).toBe(3);
    device.irq.requestLine(() => {
      runs++;
    });
    interrupts.setLine(line, true);
    device.memory.read32(0);
    expect(runs).toBe(1003);
  });
});

describe('Computer: waits', () => {
  it('does not miss a wake-up that comes before the task waits', async () => {
    const { machine, cpu, device, interrupts } = computer();
    let done = false;
    const queue = device.clock.waitQueue();
    const { address, data } = device.irq.request(() => {
      done = true;
      queue.wake();
    });
    let result: boolean | undefined;
    machine.tasks.spawn(cpu, async () => {
      interrupts.signal(address, data);
      result = await queue.until(() => done, 'data');
    });
    await machine.tasks.run();
    expect(result).toBe(true);
  });

  it('traces what woke it: the handler, and before that the interrupt', async () => {
    const { machine, cpu, device, interrupts } = computer();
    machine.tracer.recording = true;
    let done = false;
    const queue = device.clock.waitQueue();
    const { address, data } = device.irq.request(() => {
      done = true;
      queue.wake();
    });
    const timers = machine.timers(() => {
      machine.tracer.cause = machine.tracer.event('interrupt', 1, data);
      interrupts.signal(address, data);
    });
    machine.tasks.spawn(cpu, async () => {
      timers.arm(0, 5000);
      await queue.until(() => done, 'data');
      device.memory.write32(0, 1);
    });
    await machine.tasks.run();
    const chain: string[] = [];
    for (let id = machine.tracer.count; id !== 0; id = machine.tracer.at(id).cause) {
      chain.push(machine.tracer.at(id).kind);
    }
    expect(chain).toEqual(['memoryWrite', 'wake', 'handler', 'interrupt']);
  });

  it('gives up when its time is over', async () => {
    const { machine, cpu, device } = computer();
    let result: boolean | undefined;
    machine.tasks.spawn(cpu, async () => {
      result = await device.clock.waitQueue().until(() => false, 'data', 5000);
    });
    await machine.tasks.run();
    expect(result).toBe(false);
    expect(machine.now).toBeGreaterThanOrEqual(5000);
  });
});

describe('Replay', () => {
  it('does again what was recorded, and ends at the same time', () => {
    const live = computer({ kind: 'trapped' });
    const recorder = new Recorder();
    live.computer.record(recorder);
    const bar = live.device.mapBar(0);
    bar.write(16, 4, 3);
    live.device.memory.copyIn(64, new Uint8Array([9, 8, 7]));
    bar.read(16, 4);
    live.device.clock.delay(123);

    const again = computer({ kind: 'trapped' });
    new Replay(again.computer).run(recorder);
    expect(again.endpoint.log).toEqual(live.endpoint.log);
    expect(again.memory.bytes).toEqual(live.memory.bytes);
    expect(again.machine.now).toBe(live.machine.now);
  });

  it('says where the machine did something else', () => {
    const live = computer();
    const recorder = new Recorder();
    live.computer.record(recorder);
    live.endpoint.words[4] = 1;
    live.device.mapBar(0).read(16, 4);
    const again = computer();
    const replay = new Replay(again.computer);
    expect(() => {
      replay.run(recorder);
    }).toThrow(ReplayDivergence);
  });
});
