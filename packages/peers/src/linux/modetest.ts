/** libdrm's modetest in a guest: it shows a pattern for as long as it is held. */
import { QemuError } from '../qemu/qemu-error.ts';
import type { LinuxGuest } from './guest.ts';

/** What holds it: it ends once nobody can write there any more. */
const HOLD = '/tmp/hold';
const OUTPUT = '/tmp/modetest';
/** Of each "freq: " that modetest prints (libdrm's tests/modetest). */
const FLIPS_A_LINE = 60;

export interface Flips {
  readonly flips: number;
  readonly perSecond: number;
}

export class Modetest {
  private readonly guest: LinuxGuest;
  private readonly command: string;
  private readonly connector: string;

  private constructor(guest: LinuxGuest, command: string, connector: string) {
    this.guest = guest;
    this.command = command;
    this.connector = connector;
  }

  /** Finds the connector. @param driver  the kernel's @throws QemuError when none is connected. */
  static async open(guest: LinuxGuest, driver = 'virtio_gpu'): Promise<Modetest> {
    const command = `modetest -M ${driver}`;
    const { output } = await guest.shell(`mkfifo ${HOLD}; ${command} -c 2>&1 | grep -w connected`);
    const connector = /^(\d+)\s+\d+\s+connected/m.exec(output)?.[1];
    if (connector === undefined) {
      throw new QemuError(`The guest has no connected display: ${output}`);
    }
    return new Modetest(guest, command, connector);
  }

  /** Shows its pattern in a mode such as 640x480, while `during` runs. @param flag  of modetest */
  async show<T>(mode: string, flag: '' | '-C', during: () => Promise<T>): Promise<T> {
    const { guest, connector } = this;
    const command = `${this.command} ${flag} -s ${connector}:${mode}`;
    await guest.shell(`${command} <${HOLD} >${OUTPUT} 2>&1 & exec 9>${HOLD}`);
    try {
      return await during();
    } finally {
      await guest.shell(`exec 9>&-; wait; cat ${OUTPUT}`);
    }
  }

  /** Flips between two pictures, as fast as it can. Less than 60 flips count as none. */
  async flip(mode: string, seconds: number): Promise<Flips> {
    const { guest, command, connector } = this;
    // The mean of what is printed would weigh short times as long ones.
    const sum = `awk '/^freq/ {n++; t+=${FLIPS_A_LINE}/$2} END {n*=${FLIPS_A_LINE}; print n, t ? n/t : 0}'`;
    const { output } = await guest.shell(
      `sleep ${seconds} | ${command} -v -s ${connector}:${mode} >${OUTPUT} 2>&1; ${sum} ${OUTPUT}`,
      seconds * 1000 + 20_000,
    );
    const found = /^(\d+) ([\d.]+)$/m.exec(output);
    if (found === null) {
      throw new QemuError(`modetest did not flip: ${output}`);
    }
    return { flips: Number(found[1]), perSecond: Number(found[2]) };
  }

  /** As `flip`, and whether it waits for its first flips when that time is over. */
  async waits(mode: string, seconds: number): Promise<boolean> {
    const { guest, command, connector } = this;
    const { output } = await guest.shell(
      `sleep ${seconds} | ${command} -v -s ${connector}:${mode} >${OUTPUT} 2>&1 & sleep ${seconds + 1}; grep ^freq ${OUTPUT}; pidof modetest`,
    );
    return /^\d+$/.test(output);
  }
}
