/**
 * The lessons of `docs/`, as the module `virtual:lessons`: HTML, in which each command that the page
 * can show has a link that puts the page into that state.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Marked } from 'marked';
import type { Plugin } from 'vite';
import { firstState, writeLink } from '../src/link.ts';
import { isKnown } from '../src/machine/terminal/terminal.ts';
import { commandLink } from './command-link.ts';

const NAME = 'virtual:lessons';
const RESOLVED = `\0${NAME}`;
const folder = fileURLToPath(new URL('../../../docs/lessons', import.meta.url));

/** Under the first of a lesson. */
const PROGRAM =
  'Programs like this one need a terminal of your own, in the repository. What it prints stands below.';

interface Lesson {
  readonly id: string;
  readonly title: string;
  readonly html: string;
}

export function lessons(): Plugin {
  return {
    name: 'doorbell-lessons',
    resolveId: (id) => (id === NAME ? RESOLVED : undefined),
    load(id) {
      if (id !== RESOLVED) {
        return undefined;
      }
      const files = readdirSync(folder).filter((file) => file.endsWith('.md'));
      for (const file of files) {
        this.addWatchFile(join(folder, file));
      }
      const all = files.map((file) =>
        lessonOf(file.replace(/\.md$/, ''), readFileSync(join(folder, file), 'utf8')),
      );
      return withImages(JSON.stringify(all));
    },
  };
}

/** A path of an image in the HTML, until vite says where it lies in the site. */
const IMAGE = /image:\/\/([\w./-]+)/g;

/** The module, in which each image is an import. */
function withImages(lessonsJson: string): string {
  const paths = [...new Set([...lessonsJson.matchAll(IMAGE)].map(([, path]) => path))];
  const imports = paths.map((path, at) => {
    const file = JSON.stringify(join(folder, path));
    return `import image${at} from ${file};`;
  });
  const places = paths.map((path, at) => `${JSON.stringify(`image://${path}`)}: image${at}`);
  return `${imports.join('\n')}
const images = { ${places.join(', ')} };
const placed = (html) => html.replace(${String(IMAGE)}, (text) => images[text]);
export const lessons = ${lessonsJson}.map((one) => ({ ...one, html: placed(one.html) }));`;
}

function lessonOf(id: string, text: string): Lesson {
  const [, title = id] = /^# (.*)$/m.exec(text) ?? [];
  let heading = '';
  /** Of the shell of `vfio`: the blocks of a page are one script. */
  const script = ['vfio'];
  let hasProgram = false;
  const marked = new Marked({
    renderer: {
      heading({ text: words }) {
        heading = words.replaceAll('`', '');
        return false; // as usual
      },
      code({ text: code, lang }) {
        if (lang === 'vfio') {
          script.push(`# ${heading}`, ...code.split('\n'));
          return `${block(code)}${typeLink(script, 'Do it here')}\n`;
        }
        if (lang?.startsWith('ts') === true) {
          const isFirst = !hasProgram;
          hasProgram = true;
          return `${block(code)}${isFirst ? hint(PROGRAM) : ''}\n`;
        }
        return lang === 'sh' ? commands(code).map(command).join('\n') : `${block(code)}\n`;
      },
      image({ href, text: words }) {
        return `<img src="image://${href}" alt="${escaped(words)}" loading="lazy" />`;
      },
      codespan({ text: code }) {
        const text = `<code>${escaped(code)}</code>`;
        const link = commandLink(code);
        return link !== undefined
          ? `${text} ${inline('data-follow', link.query, 'show', link.note)}`
          : isKnown(code)
            ? `${text} ${inline('data-type', typed([code]), 'do')}`
            : text;
      },
      // What is beside the lessons is not part of the site.
      link({ href, tokens }) {
        const words = this.parser.parseInline(tokens);
        const [, other] = /^(?:\.\/)?([a-z-]+)\.md$/.exec(href) ?? [];
        return other === undefined
          ? href.startsWith('https:')
            ? `<a href="${href}" target="_blank" rel="noreferrer">${words}</a>`
            : words
          : `<a data-lesson="${other}" href="?beside=${other}">${words}</a>`;
      },
    },
  });
  return { id, title, html: marked.parse(text, { async: false }) };
}

/** Each with the comments before it. */
function commands(code: string): readonly string[] {
  return code.match(/(?:^#.*\n|^\s*\n)*^.*(?:\n|$)/gm)?.map((text) => text.trimEnd()) ?? [];
}

/** A command, and how the page shows what it does. */
function command(text: string): string {
  const line = text.split('\n').at(-1) ?? '';
  return `${block(text)}${shown(line) ?? elsewhere(line)}\n`;
}

/** Undefined: the page cannot do it. */
function shown(line: string): string | undefined {
  const link = commandLink(line);
  return link !== undefined
    ? button('data-follow', link.query, 'Show it here', link.note)
    : isKnown(line)
      ? typeLink([line], 'Do it here')
      : undefined;
}

/** Of a command that the page cannot do. */
function elsewhere(line: string): string {
  const [, needs] = /\s# needs ([^#]*[^#\s])/.exec(line) ?? [];
  const where = line.startsWith('npm ') ? ' in the repository' : '';
  return hint(
    `This one needs a terminal of your own${where}${needs === undefined ? '.' : `, and ${needs}.`}`,
  );
}

/** Opens the terminal, where these lines are typed. */
function typeLink(lines: readonly string[], words: string): string {
  return button('data-type', typed(lines), words);
}

function typed(lines: readonly string[]): string {
  return writeLink({ ...firstState, terminal: lines });
}

/** Behind a command in a sentence. */
function inline(kind: string, query: string, words: string, note = ''): string {
  const link = `<a class="show small" ${kind} href="${escaped(query)}">${words} it here</a>`;
  return note === '' ? link : `${link} <span class="hint">(${escaped(note)})</span>`;
}

function button(kind: string, query: string, words: string, note = ''): string {
  const link = `<a class="show" ${kind} href="${escaped(query)}">${words}</a>`;
  return `<p>${link}</p>${note === '' ? '' : hint(note)}`;
}

function hint(text: string): string {
  return `<p class="hint">${escaped(text)}</p>`;
}

function block(code: string): string {
  return `<pre tabindex="0"><code>${escaped(code)}</code></pre>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
