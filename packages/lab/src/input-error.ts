/** What the user gave cannot be used. The message is one line: what is wrong, and what is accepted. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** What a library's error says, to be put into such a message: one line, without its full stop. */
export function reasonOf(error: unknown): string {
  // The engine's own words are about the library's code, not about the file.
  if ([RangeError, SyntaxError, TypeError].some((kind) => error instanceof kind)) {
    return 'it is cut short or damaged';
  }
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, ' ').replace(/[\s.:]+$/, '');
}
