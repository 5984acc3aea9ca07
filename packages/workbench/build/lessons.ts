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
import { commandLink, isTyped } from './command-link.ts';

const NAME = 'virtual:lessons';
const RESOLVED = `\0${NAME}`;
const folder = fileURLToPath(new URL('../../../docs/lessons', import.meta.url));

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
      return `export const lessons = ${JSON.stringify(all)};`;
    },
  };
}

function lessonOf(id: string, text: string): Lesson {
  const [, title = id] = /^# (.*)$/m.exec(text) ?? [];
  let heading = '';
  /** Of the shell of `vfio`: the blocks of a page are one script. */
  const script = ['vfio'];
  const marked = new Marked({
    renderer: {
      heading({ text: words }) {
        heading = words;
        return false; // as usual
      },
      code({ text: code, lang }) {
        if (lang === 'vfio') {
          script.push(`# ${heading}`, ...code.split('\n'));
          return `${block(code)}${typeLink(script, 'Do it here')}\n`;
        }
        return lang === 'sh' ? commands(code).map(command).join('\n') : `${block(code)}\n`;
      },
      // What is beside the lessons is not part of the site.
      link({ href, text: words }) {
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
  const query = commandLink(line);
  const link =
    query !== undefined
      ? button('data-follow', query, 'Show it here')
      : isTyped(line)
        ? typeLink([line], 'Do it here')
        : '';
  return `${block(text)}${link}\n`;
}

/** Opens the terminal, where these lines are typed. */
function typeLink(lines: readonly string[], words: string): string {
  return button('data-type', writeLink({ ...firstState, terminal: lines }), words);
}

function button(kind: string, query: string, words: string): string {
  return `<p><a class="show" ${kind} href="${escaped(query)}">${words}</a></p>`;
}

function block(code: string): string {
  return `<pre tabindex="0"><code>${escaped(code)}</code></pre>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
