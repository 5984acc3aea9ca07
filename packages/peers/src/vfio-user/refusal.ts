/** A command that cannot be carried out: its reply has an errno, and the connection goes on. */
export const errno = { EEXIST: 17, EINVAL: 22, ENOENT: 2, ENOSPC: 28, ENOTSUP: 95 } as const;

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: keyof typeof errno;

  constructor(code: keyof typeof errno, message: string) {
    super(message);
    this.code = code;
  }
}
