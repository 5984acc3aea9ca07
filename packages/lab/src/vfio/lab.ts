/**
 * Ownership by hand: a machine, its administrator, and users, driven by lines of text. It is an
 * engine without a terminal, so that a command and a page can both have it.
 */
import { formatBdf } from '@doorbell/abi';
import { VfioError, type Errno, type Profile } from '@doorbell/hypervisor';
import { InputError } from '../input-error.ts';
import { LabFault } from './fault.ts';
import type { LabCommand, LabContext } from './command.ts';
import { labCommands } from './commands.ts';
import { buildVfioMachine, type VfioMachine } from './machine.ts';
import { LabUser } from './user.ts';
import { MisuseError, splitWords } from './words.ts';

const FIRST_USER = 'qemu';
const USER_BYTES = 1 << 20;
const PAGE = 4096;
/** More would leave no memory for the machine. */
const MOST_USERS = 8;

export interface LabResult {
  /** As it was given. */
  readonly line: string;
  /**
   * `wrong`: it is no command. `failed`: it was refused although the line did not expect that, or
   * not refused although it did.
   */
  readonly status: 'done' | 'failed' | 'wrong';
  /** What was refused with; `FAULT` is the IOMMU's. */
  readonly errno?: Errno | 'FAULT';
  readonly text: string;
}

export interface LabOptions {
  readonly machine: string;
  readonly profile: Profile;
}

export class VfioLab implements LabContext {
  readonly machine: VfioMachine;
  private readonly users = new Map<string, LabUser>();
  private current: LabUser;

  /** @throws InputError when there is no such machine. */
  constructor({ machine, profile }: LabOptions) {
    this.machine = buildVfioMachine(machine, profile);
    this.current = this.addUser(FIRST_USER, USER_BYTES, USER_BYTES / PAGE);
  }

  /** Whose commands these are. */
  get user(): LabUser {
    return this.current;
  }

  allUsers(): readonly LabUser[] {
    return [...this.users.values()];
  }

  /**
   * Executes a line. Behind `!`, it is expected to be refused; behind `! EPERM` with that errno.
   * Empty lines and comments do nothing.
   */
  run(line: string): LabResult {
    try {
      return this.runWords(line, splitWords(line));
    } catch (error) {
      return this.refusal(line, error, undefined);
    }
  }

  private runWords(line: string, [first, ...rest]: readonly string[]): LabResult {
    if (first === undefined) {
      return { line, status: 'done', text: '' };
    }
    const expected =
      first !== '!' ? undefined : /^(E[A-Z]+|FAULT)$/.test(rest[0] ?? '') ? rest[0] : 'any';
    const words =
      expected === undefined ? [first, ...rest] : rest.slice(expected === 'any' ? 0 : 1);
    try {
      const text = this.execute(words);
      return expected === undefined
        ? { line, status: 'done', text }
        : { line, status: 'failed', text: `${text}\nThis was expected to be refused.`.trim() };
    } catch (error) {
      return this.refusal(line, error, expected);
    }
  }

  /** Words that may stand at the end of the line, for a terminal's completion. */
  complete(line: string): readonly string[] {
    const words = line.replace(/^\s*!\s*(E[A-Z]+\s+)?/, '').split(/\s+/);
    const last = words[words.length - 1];
    const known =
      words.length === 1
        ? labCommands.map(({ name }) => name)
        : [
            ...this.machine.host.topology.functions().map((at) => formatBdf(at)),
            ...this.machine.host.vfio.drivers.list().map(({ name }) => name),
            ...this.users.keys(),
          ];
    return known.filter((word) => word.startsWith(last));
  }

  /** From here on the commands are that user's, who is there if not yet. @throws VfioError ENOMEM. */
  switchUser(name: string, bytes = USER_BYTES, lockPages = bytes / PAGE): void {
    this.current = this.users.get(name) ?? this.addUser(name, bytes, lockPages);
  }

  /** @throws MisuseError when there is no such user. */
  kill(name: string): void {
    const user = this.users.get(name);
    if (user === undefined) {
      throw new MisuseError(
        `There is no user '${name}'; there is ${[...this.users.keys()].join(', ')}.`,
      );
    }
    user.exit();
    this.users.delete(name);
    if (user === this.current) {
      this.switchUser(FIRST_USER);
    }
  }

  private addUser(name: string, bytes: number, lockPages: number): LabUser {
    if (
      this.users.size >= MOST_USERS ||
      bytes % PAGE !== 0 ||
      !(bytes > 0 && bytes <= USER_BYTES)
    ) {
      throw new MisuseError(
        `There are at most ${MOST_USERS} users, with whole pages of at most ${USER_BYTES} bytes each.`,
      );
    }
    const user = new LabUser(this.machine.host, name, bytes, lockPages);
    this.users.set(name, user);
    return user;
  }

  private execute([name = '', ...args]: readonly string[]): string {
    const command = labCommands.find((each) => each.name === name);
    if (command === undefined) {
      throw new MisuseError(`There is no command '${name}'; see 'help'.`);
    }
    checkCount(command, args);
    return command.run(this, args);
  }

  private refusal(line: string, error: unknown, expected: string | undefined): LabResult {
    if (error instanceof MisuseError || error instanceof InputError) {
      return { line, status: 'wrong', text: error.message };
    }
    if (!(error instanceof VfioError) && !(error instanceof LabFault)) {
      throw error;
    }
    const errno = error instanceof LabFault ? 'FAULT' : error.errno;
    const isExpected = expected === 'any' || expected === errno;
    const text = `${errno}: ${error.message}`;
    const more =
      expected === undefined || isExpected ? '' : `\nThis was expected to be ${expected}.`;
    return { line, status: isExpected ? 'done' : 'failed', errno, text: text + more };
  }
}

function checkCount({ name, usage }: LabCommand, args: readonly string[]): void {
  const words = usage.split(' ').filter((word) => word !== '');
  const least = words.filter((word) => !word.startsWith('[')).length;
  const most = usage.includes('…') ? Infinity : words.length;
  if (args.length < least || args.length > most) {
    throw new MisuseError(`It is used as: ${`${name} ${usage}`.trim()}`);
  }
}
