/** The sidebar, made from the folders of `docs` and the order in which README.md speaks of their pages. */
import { dirname, join } from 'node:path';
import type { DefaultTheme } from 'vitepress';
import { docs, documentsIn, folderPage, placesInReadme, titleOf } from './documents.ts';

/** Which folders come first; one that is not named here comes behind them. */
const FIRST = ['lessons', 'mechanisms', 'coursework', 'labs', 'instructors', 'reference'];

/** Open from the start; the others are where one looks something up. */
const OPEN = ['.', 'lessons'];

/** Not to be read in order: the start, and source files that a page links to. */
const APART = /^(?:index\.md$|source\/)/;

export function sidebar(): DefaultTheme.SidebarItem[] {
  const pages = documentsIn().filter((path) => !APART.test(path));
  const folders = [...new Set(pages.map((path) => dirname(path)))];
  return folders.sort(byPlace).map((folder) => group(folder, pages));
}

function byPlace(a: string, b: string): number {
  const place = (folder: string): number => {
    const at = ['.', ...FIRST].indexOf(folder);
    return at < 0 ? Infinity : at;
  };
  return place(a) === place(b) ? (a < b ? -1 : 1) : place(a) - place(b);
}

function group(folder: string, pages: readonly string[]): DefaultTheme.SidebarItem {
  const own = folderPage(folder);
  const place = placesInReadme();
  const inside = pages
    .filter((path) => dirname(path) === folder && path !== own)
    .sort((a, b) => (place(a) === place(b) ? (a < b ? -1 : 1) : place(a) - place(b)));
  return {
    text: own === undefined ? folderTitle(folder) : pageTitle(own),
    ...(own === undefined ? {} : { link: siteOf(own) }),
    collapsed: !OPEN.includes(folder),
    items: inside.map((path) => ({ text: pageTitle(path), link: siteOf(path) })),
  };
}

function folderTitle(folder: string): string {
  return folder === '.' ? 'Start' : folder[0].toUpperCase() + folder.slice(1);
}

function pageTitle(path: string): string {
  return path === 'contributing.md' ? 'Contributing' : (titleOf(join(docs, path)) ?? path);
}

function siteOf(path: string): string {
  return `/${path.replace(/README\.md$/, '').replace(/\.md$/, '')}`;
}
