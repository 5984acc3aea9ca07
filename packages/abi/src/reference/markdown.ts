/** Markdown, as the reference pages write it. Names of registers stand in prose as they are. */

export function hex(value: number, digits = 1): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

/** Paragraphs, tables and headings, each set off by an empty line; empty ones fall away. */
export function blocks(...parts: readonly string[]): string {
  return parts
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .join('\n\n');
}

export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const line = (cells: readonly (string | number)[]): string =>
    `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

export function steps(items: readonly string[]): string {
  return items.map((item, index) => `${index + 1}. ${item}`).join('\n');
}

/** A page: its title, a note that it is made, and its blocks. */
export function page(title: string, ...parts: readonly string[]): string {
  const note = '<!-- Made by `npm run reference` from packages/abi/src. Edit that, not this. -->';
  return `${blocks(`# ${title}`, note, ...parts)}\n`;
}
