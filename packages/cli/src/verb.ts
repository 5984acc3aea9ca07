/** What a verb's file gives to the command. */
import type { Command } from 'commander';
import type { ExitCode } from './exit-code.ts';

/** Makes an action of what ends with an exit code. */
export type Act = <Given extends unknown[]>(
  run: (...given: Given) => ExitCode | Promise<ExitCode>,
) => (...given: Given) => Promise<void>;

export interface Verb {
  /** Adds its options, and verbs of its own with their actions. */
  readonly define: (command: Command, act: Act) => void;
  /** What it does with its options; absent when `define` has said so. */
  readonly run?: (options: never) => ExitCode | Promise<ExitCode>;
}
