/**
 * The lessons of `docs/`, as the module `virtual:lessons`: HTML, in which each command that the page
 * can show has a link that puts the page into that state.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Marked } from 'marked';
import type { Plugin } from 'vite';
import { commandLink } from './command-link.ts';

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
  const marked = new Marked({
    renderer: {
      code({ text: code, lang }) {
        const block = `<pre tabindex="0"><code>${escaped(code)}</code></pre>`;
        const links = lang === 'sh' ? code.split('\n').flatMap(showLink) : [];
        return `${block}${links.join('')}\n`;
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

function showLink(line: string): readonly string[] {
  const query = commandLink(line);
  return query === undefined
    ? []
    : [`<p><a class="show" data-follow href="${escaped(query)}">Show it here</a></p>`];
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
