/** What Tab makes of a line. */

/** @param words  that may stand in place of the line's last one. */
export function completed(line: string, words: readonly string[]): string {
  const last = /\S*$/.exec(line)?.[0] ?? '';
  const start = line.slice(0, line.length - last.length);
  const [only, ...others] = words;
  if (only === undefined) {
    return line;
  }
  return others.length === 0 ? `${start}${only} ` : start + sharedStart(words);
}

function sharedStart([first = '', ...others]: readonly string[]): string {
  let length = first.length;
  for (const word of others) {
    while (!word.startsWith(first.slice(0, length))) {
      length--;
    }
  }
  return first.slice(0, length);
}
