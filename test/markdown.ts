/** The fenced blocks of a Markdown page: what a reader would run, and what the page says comes out. */
export interface Block {
  readonly language: string;
  /** Behind the language, as `needs=qemu,koffi`: what the machine must have to run it. */
  readonly needs: readonly string[];
  readonly text: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
}

export function blocks(markdown: string): readonly Block[] {
  const found: Block[] = [];
  let open: (Omit<Block, 'text'> & { readonly lines: string[] }) | undefined;
  markdown.split('\n').forEach((line, index) => {
    const fence = /^```(\S*)(?: needs=(\S+))?/.exec(line);
    if (open === undefined && fence !== null) {
      const [, language = '', needs] = fence;
      open = { language, needs: needs?.split(',') ?? [], line: index + 1, lines: [] };
    } else if (open !== undefined && line.startsWith('```')) {
      const { lines, ...block } = open;
      found.push({ ...block, text: lines.join('\n') });
      open = undefined;
    } else {
      open?.lines.push(line);
    }
  });
  if (open !== undefined) {
    throw new Error(`The block that begins at line ${open.line} does not end.`);
  }
  return found;
}

/**
 * A command of an `sh` block, and the exit code that it announces by a trailing `# exit N`. One
 * that ends in `# until Ctrl-C` runs beside those that follow it on the page. `# needs qemu, linux`
 * tells what the machine must have to run it, before either.
 */
export interface Command {
  readonly text: string;
  readonly exitCode: number;
  readonly stays: boolean;
  readonly needs: readonly string[];
}

export function commands(block: Block): readonly Command[] {
  return block.text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const announced = /\s+# exit (\d+)$/.exec(line);
      const needs = /\s# needs ([^#]*[^#\s])/.exec(line)?.[1];
      const text = line.replace(/\s+#.*$/, '');
      return {
        text,
        exitCode: Number(announced?.[1] ?? 0),
        stays: /\s# until Ctrl-C$/.test(line),
        needs: needs?.split(', ') ?? [],
      };
    });
}

/**
 * Whether a command's output is what a page shows of it. A line `…` stands for any lines. What a
 * clock on the wall said is not compared, nor what npm says of a script before it runs it.
 */
export function shows(page: string, output: string): boolean {
  const kept = (text: string): string[] =>
    text
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '' && !/^(> |wall time)/.test(line));
  const pattern = kept(page).map((line) => (line === '…' ? '(.*\\n)*' : `${escape(line)}\\n`));
  return new RegExp(`^${pattern.join('')}$`).test(kept(output).join('\n') + '\n');
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
