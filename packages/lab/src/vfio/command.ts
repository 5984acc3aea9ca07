/** What a command of the shell is, and what it works on. */
import type { VfioMachine } from './machine.ts';
import type { LabUser } from './user.ts';

export interface LabContext {
  readonly machine: VfioMachine;
  /** Whose commands these are. */
  readonly user: LabUser;
  allUsers(): readonly LabUser[];
  switchUser(name: string, bytes?: number, lockPages?: number): void;
  kill(name: string): void;
}

export interface LabCommand {
  readonly name: string;
  /** Its arguments; those in brackets may be left out. */
  readonly usage: string;
  /** One line. */
  readonly doc: string;
  /** What it prints. @throws VfioError, LabFault when it is refused; MisuseError. */
  readonly run: (lab: LabContext, args: readonly string[]) => string;
}
