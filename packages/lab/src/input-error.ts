/** What the user gave cannot be used. The message is one line: what is wrong, and what is accepted. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** What a library's error says, to be put into such a message: one line, without its full stop. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, ' ').replace(/[\s.:]+$/, '');
}
