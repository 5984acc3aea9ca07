/** What the command exits with. */
export const exitCodes = {
  DONE: 0,
  /** A check failed, or this program did. */
  CHECK_FAILED: 1,
  /** The arguments or the input are wrong. */
  BAD_INPUT: 2,
  /** The machine lacks something that was asked for. */
  UNAVAILABLE: 3,
  /** 128 + SIGINT, as shells have it. */
  INTERRUPTED: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
