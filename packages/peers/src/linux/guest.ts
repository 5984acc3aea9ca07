/** A Debian Linux, unmodified, in QEMU: booted to a shell on its serial port. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { PeerRun } from '../peer.ts';
import type { Emulator } from '../qemu/emulator.ts';
import { type Inherited, QemuProcess } from '../qemu/process.ts';
import { QemuError } from '../qemu/qemu-error.ts';
import { LinuxBundle } from './bundle.ts';
import { ConsoleLines } from './console-lines.ts';
import { buildInitrd, INSMOD_FAILED, LOADING, READY } from './initrd.ts';
import { kernelFor } from './kernel.ts';
import { PersonConsole } from './person-console.ts';
import { SerialShell, type ShellResult, withoutMark } from './serial-shell.ts';

export interface LinuxOptions {
  readonly emulator: Emulator;
  /** QEMU's arguments for the machine's devices. The machine is q35 with 256 MiB, shared by memfd. */
  readonly args: readonly string[];
  /** See `QemuProcess`. */
  readonly descriptors?: readonly Inherited[];
  /** Kernel modules that are loaded in the end; what they depend on comes first, by itself. */
  readonly modules: readonly string[];
  /** Added to the kernel's command line. */
  readonly append?: string;
}

/** What a guest needs of a run. */
export type GuestRun = Pick<
  PeerRun,
  'folder' | 'signal' | 'step' | 'console' | 'keep' | 'recorder'
>;

export interface LinuxGuest {
  readonly qemu: QemuProcess;
  /** The serial port, for a person: from when it is asked for until it is destroyed. */
  readonly console: Duplex;
  /** Runs a command of the guest's shell. @throws QemuError when it does not end in time, 30 s by default. */
  shell(
    command: string,
    timeoutMs?: number,
  ): Promise<{ readonly status: number; readonly output: string }>;
  close(): Promise<void>;
}

const SHELL_LIMIT_MS = 120_000;
/** It takes two to five seconds. */
const BOOT_LIMIT_MS = 300_000;
/** How long QEMU may live, in seconds: as long as the longest run, and a person's day. */
const LIMITS_S = { run: 1800, person: 12 * 3600 };

/**
 * PVH needs no more than a processor of 64 bits, and the emulator is faster with a small one. Loud
 * enough for errors, and a panic ends QEMU (with -no-reboot). A blinking cursor would make two
 * looks at one screen differ.
 */
const COMMAND_LINE =
  'console=ttyS0 loglevel=4 mitigations=off tsc=reliable random.trust_cpu=on panic=-1 vt.global_cursor_default=0';

function machineArgs(kernel: string, initrd: string, append: string): string[] {
  return [
    ...['-object', 'memory-backend-memfd,id=mem,size=256M,share=on'],
    ...['-machine', 'q35,usb=off,vmport=off,memory-backend=mem', '-m', '256'],
    ...['-accel', 'tcg', '-cpu', 'Nehalem', '-smp', '1', '-no-reboot'],
    ...['-kernel', kernel, '-initrd', initrd, '-append', `${COMMAND_LINE} ${append}`.trimEnd()],
    ...['-chardev', 'stdio,id=serial,signal=off', '-serial', 'chardev:serial'],
  ];
}

/** Why there is no guest any more. */
async function whyEnded(qemu: QemuProcess, lines: ConsoleLines): Promise<string> {
  await qemu.exit;
  return lines.panic ?? `QEMU has ended, and ${qemu.said}`;
}

class Guest implements LinuxGuest {
  readonly qemu: QemuProcess;
  private readonly run: GuestRun;
  private readonly lines: ConsoleLines;
  private readonly serial: SerialShell;
  private readonly remove: () => Promise<void>;
  private person: PersonConsole | undefined;

  constructor(qemu: QemuProcess, run: GuestRun, remove: () => Promise<void>) {
    this.qemu = qemu;
    this.run = run;
    this.remove = remove;
    this.lines = new ConsoleLines(qemu.stdout);
    this.lines.listeners.add((line) => {
      const shown = withoutMark(line);
      if (shown !== undefined) {
        run.console(shown);
      }
    });
    void qemu.exit.then(() => this.person?.destroy());
    const ended = whyEnded(qemu, this.lines);
    this.serial = new SerialShell(qemu.stdin, this.lines, { ended, signal: run.signal });
  }

  get console(): Duplex {
    if (this.person === undefined || this.person.destroyed) {
      this.person = new PersonConsole(this.qemu.stdin, this.lines);
    }
    return this.person;
  }

  /** Resolves when the shell answers. */
  async boot(): Promise<void> {
    const failed: string[] = [];
    await this.serial.waitFor(
      (line) => {
        if (line === LOADING) {
          this.run.step('loading drivers');
        } else if (line.startsWith(INSMOD_FAILED)) {
          failed.push(line.slice(INSMOD_FAILED.length));
        }
        return line === READY ? true : undefined;
      },
      BOOT_LIMIT_MS,
      "The guest's boot",
    );
    if (failed.length > 0) {
      throw new QemuError(`The guest did not load ${failed.join(', ')}; see ${this.lines.last}`);
    }
    await this.shell('set +m');
  }

  shell(command: string, timeoutMs = SHELL_LIMIT_MS): Promise<ShellResult> {
    this.run.console(`# ${command}`);
    return this.serial.run(command, timeoutMs);
  }

  async close(): Promise<void> {
    await this.qemu.close();
    await this.remove();
  }
}

/** Resolves when the shell answers. Each line of the console goes to `run.console`. @throws QemuError, PeerUnavailable */
export async function bootLinux(run: GuestRun, options: LinuxOptions): Promise<LinuxGuest> {
  const bundle = new LinuxBundle();
  run.step(`booting Linux ${bundle.release}`);
  if (run.recorder !== undefined) {
    run.recorder.system = `Linux ${bundle.release}`;
  }
  const folder = await mkdtemp(join(run.folder, 'linux-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  let guest: Guest | undefined;
  try {
    const initrd = join(folder, 'initrd');
    await writeFile(initrd, buildInitrd(bundle, options.modules));
    const qemu = await QemuProcess.start(options.emulator, {
      args: [...machineArgs(kernelFor(bundle), initrd, options.append ?? ''), ...options.args],
      signal: run.signal,
      limitS: run.keep === undefined ? LIMITS_S.run : LIMITS_S.person,
      ...(options.descriptors === undefined ? {} : { descriptors: options.descriptors }),
    });
    guest = new Guest(qemu, run, remove);
    await guest.boot();
    return guest;
  } catch (error) {
    await (guest === undefined ? remove() : guest.close());
    throw error;
  }
}
