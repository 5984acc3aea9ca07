import { expect, it } from 'vitest';
import {
  accessors,
  bdf,
  EDU_MSI_OFFSET,
  eduBars,
  eduRegisters,
  msiCapability,
  type PciDevice,
  type0Header,
} from '@doorbell/abi';
import { describeWith } from '../needs.ts';
import { withMachine } from './with-machine.ts';

const devices = ['edu,addr=3', 'edu,addr=7'];

function registersOf(device: PciDevice) {
  device.config.write(type0Header.rows.COMMAND.offset, 2, 6);
  return accessors(eduRegisters, device.mapBar(eduBars.REGISTERS.index));
}

/** Points edu's MSI at a handler. */
function route(device: PciDevice, handler: () => void): () => void {
  const { config, irq } = device;
  const { CONTROL, ADDRESS_LO, DATA } = msiCapability.rows;
  const message = irq.request(handler);
  config.write(EDU_MSI_OFFSET + ADDRESS_LO.offset, 4, message.address);
  config.write(EDU_MSI_OFFSET + DATA.offset, 2, message.data);
  config.write(EDU_MSI_OFFSET + CONTROL.offset, 2, 1);
  return () => irq.release(message);
}

describeWith(['qemu'], 'a message', () => {
  it('runs its handler once, at the next access of any kind', async () => {
    await withMachine({ devices }, async (machine) => {
      const device = machine.device(bdf(0, 3, 0));
      const registers = registersOf(device);
      let count = 0;
      route(device, () => count++);
      const accesses: (() => unknown)[] = [
        () => registers.ID.read(),
        () => registers.LIVENESS.write(1),
        () => device.config.read(0, 4),
        () => device.config.write(0x3c, 1, 5),
        () => device.memory.load16(0x200000),
        () => device.memory.release16(0x200000, 1),
        () => device.memory.copyIn(0x200000, new Uint8Array(4)),
        () => device.clock.delay(1),
      ];
      for (const [index, access] of accesses.entries()) {
        registers.INTERRUPT_RAISE.write(1);
        registers.ID.read(); // by the answer of which edu has sent it
        registers.INTERRUPT_ACKNOWLEDGE.write(1);
        count = 0;
        registers.INTERRUPT_RAISE.write(1);
        await machine.qmp.execute('query-status'); // no access, but edu has sent it then
        expect(count).toBe(0);
        access();
        expect([index, count]).toEqual([index, 1]);
        registers.ID.read();
        registers.INTERRUPT_ACKNOWLEDGE.write(1);
        registers.ID.read();
        expect(count).toBe(1);
      }
    });
  });

  it('never runs a handler within a handler', async () => {
    await withMachine({ devices }, async (machine) => {
      const both = [3, 7].map((slot) => machine.device(bdf(0, slot, 0)));
      const registers = both.map(registersOf);
      const seen: string[] = [];
      both.forEach((device, index) => {
        const other = registers[1 - index];
        route(device, () => {
          seen.push(`begin ${index}`);
          registers[index].INTERRUPT_ACKNOWLEDGE.write(1);
          if (seen.length === 1) {
            other.INTERRUPT_RAISE.write(1);
            other.ID.read();
            other.ID.read();
          }
          seen.push(`end ${index}`);
        });
      });
      registers[0].INTERRUPT_RAISE.write(1);
      for (let times = 0; times < 3; times++) {
        registers[0].ID.read();
      }
      expect(seen).toEqual(['begin 0', 'end 0', 'begin 1', 'end 1']);
    });
  });

  it('has an address and data of its own, and is not heard once it is released', async () => {
    await withMachine({ devices }, async (machine) => {
      const device = machine.device(bdf(0, 3, 0));
      const { irq } = device;
      const messages = Array.from({ length: 20 }, () => irq.request(() => {}));
      expect(new Set(messages.map(({ address }) => address)).size).toBe(20);
      expect(new Set(messages.map(({ data }) => data)).size).toBe(20);
      expect(messages.every(({ data }) => data > 0 && data < 65536)).toBe(true);
      const registers = registersOf(device);
      let count = 0;
      const release = route(device, () => count++);
      release();
      registers.INTERRUPT_RAISE.write(1);
      registers.ID.read();
      registers.ID.read();
      expect(count).toBe(0);
    });
  });
});

describeWith(['qemu'], 'an INTx line', () => {
  it('runs its handler until the device lowers it', async () => {
    await withMachine({ devices }, async (machine) => {
      const device = machine.device(bdf(0, 3, 0));
      const registers = registersOf(device);
      const seen: number[] = [];
      device.irq.requestLine(() => {
        const status = registers.INTERRUPT_STATUS.read();
        seen.push(status);
        registers.INTERRUPT_ACKNOWLEDGE.write(status & -status); // one at a time
      });
      registers.INTERRUPT_RAISE.write(0b1011);
      registers.ID.read();
      registers.ID.read();
      expect(seen).toEqual([0b1011, 0b1010, 0b1000]);
      device.irq.releaseLine();
      registers.INTERRUPT_RAISE.write(1);
      registers.ID.read();
      registers.ID.read();
      expect(seen).toHaveLength(3);
    });
  });

  it('is shared by devices whose numbers are alike modulo 4', async () => {
    await withMachine({ devices }, async (machine) => {
      const both = [3, 7].map((slot) => machine.device(bdf(0, slot, 0)));
      const seen: number[] = [];
      const registers = both.map((device, index) => {
        const its = registersOf(device);
        device.irq.requestLine(() => {
          const status = its.INTERRUPT_STATUS.read();
          if (status !== 0) {
            seen.push(index);
            its.INTERRUPT_ACKNOWLEDGE.write(status);
          }
        });
        return its;
      });
      registers[1].INTERRUPT_RAISE.write(1);
      registers[1].ID.read();
      registers[1].ID.read();
      expect(seen).toEqual([1]);
    });
  });

  it('wakes a task that waits', async () => {
    for (const time of ['stepped', 'wall'] as const) {
      await withMachine({ devices, time }, async (machine) => {
        const device = machine.device(bdf(0, 3, 0));
        const registers = registersOf(device);
        const queue = device.clock.waitQueue();
        let isDone = false;
        device.irq.requestLine(() => {
          registers.INTERRUPT_ACKNOWLEDGE.write(registers.INTERRUPT_STATUS.read());
          isDone = true;
          queue.wake();
        });
        registers.STATUS.write(0x80);
        registers.FACTORIAL.write(5);
        expect(await queue.until(() => isDone, 'data', 1e9)).toBe(true);
        expect(registers.FACTORIAL.read()).toBe(120);
      });
    }
  });

  it('is masked when its handler cannot quiet it', async () => {
    await withMachine({ devices }, async (machine) => {
      const device = machine.device(bdf(0, 3, 0));
      const registers = registersOf(device);
      let count = 0;
      device.irq.requestLine(() => count++);
      registers.INTERRUPT_RAISE.write(1);
      registers.ID.read();
      registers.ID.read();
      expect(count).toBe(1000);
    });
  });
});
