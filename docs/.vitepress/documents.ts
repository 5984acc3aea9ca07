/** The documents that the site is made of: what is in `docs`, and CONTRIBUTING.md. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const docs = join(root, 'docs');

/** Pages that show others: `contributing.md` includes CONTRIBUTING.md, `[path].md` a source file. */
const SHOWN_BY = /^(?:contributing\.md$|source\/)/;

/** All Markdown files of a folder, by their paths from `docs`, in the order of the alphabet. */
export function documentsIn(folder = ''): readonly string[] {
  return readdirSync(join(docs, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => relative(docs, join(entry.parentPath, entry.name)))
    .filter((path) => !path.startsWith('.'))
    .sort();
}

/** Those with text of their own, as paths in the file system. */
export function ownTexts(): readonly string[] {
  const texts = documentsIn().filter((path) => !SHOWN_BY.test(path));
  return [join(root, 'CONTRIBUTING.md'), ...texts.map((path) => join(docs, path))];
}

/** The first heading of a Markdown file, without its marks. */
export function titleOf(path: string): string | undefined {
  const [, title] = /^# (.*)$/m.exec(readFileSync(path, 'utf8')) ?? [];
  return title?.replaceAll('`', '');
}

/** Where README.md speaks of each document; what it does not speak of comes last. */
export function placesInReadme(): (path: string) => number {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  return (path) => {
    const place = readme.indexOf(`(docs/${path})`);
    return place < 0 ? Infinity : place;
  };
}

/** A folder's own page, which is about the others in it. */
export function folderPage(folder: string): string | undefined {
  const path = join(folder, 'README.md');
  return existsSync(join(docs, path)) ? path : undefined;
}
