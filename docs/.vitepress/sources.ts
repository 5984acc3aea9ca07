/** The files outside the site that its documents link to: each is a page that shows it. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { ownTexts, root } from './documents.ts';
import { isSource, linkTarget } from './links.ts';

/** A page of the dynamic route `source/[path].md`. */
export interface SourcePage {
  readonly params: { readonly path: string };
  readonly content: string;
}

/** Files and folders that are linked. */
export function sourcePages(): readonly SourcePage[] {
  const linked = new Set(ownTexts().flatMap((page) => linkedSources(page)));
  return [...linked].sort().map((path) => ({
    params: { path: relative(root, path) },
    content: isFolder(path) ? folderContent(path, linked) : fileContent(path),
  }));
}

function linkedSources(page: string): readonly string[] {
  return linksOf(readFileSync(page, 'utf8'))
    .map((href) => linkTarget(href, page))
    .filter((target) => target !== undefined)
    .filter(isSource);
}

/** The links of a Markdown text; pictures are none, and neither is what code holds. */
export function linksOf(markdown: string): readonly string[] {
  const prose = markdown.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/(?<!!)\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, href]) => href);
}

function isFolder(path: string): boolean {
  return statSync(path).isDirectory();
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(folder, entry.name));
}

/** Its files, each with what it says of itself; those that have a page lead there. */
function folderContent(folder: string, linked: ReadonlySet<string>): string {
  const rows = filesOf(folder).map((path) => {
    const name = `\`${relative(folder, path)}\``;
    const shown = linked.has(path) ? `[${name}](/source/${relative(root, path)}.md)` : name;
    return `| ${shown} | ${purposeOf(path)} |`;
  });
  return ['| file | holds |', '| --- | --- |', ...rows].join('\n');
}

/** The first sentence of the comment that a source file begins with. */
function purposeOf(path: string): string {
  const [, comment = ''] = /^\/\*\*([\s\S]*?)\*\//.exec(readFileSync(path, 'utf8')) ?? [];
  const text = comment
    .replace(/^\s*\*? ?/gm, '')
    .replace(/\s+/g, ' ')
    .trim();
  const [sentence = text] = /^.*?[.:](?= |$)/.exec(text) ?? [];
  return sentence.replace(/[<>{}|]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Longer than any fence that a file may hold. */
const FENCE = '``````';

function fileContent(path: string): string {
  const language = extname(path).slice(1);
  return `${FENCE}${language}:line-numbers\n${readFileSync(path, 'utf8').trimEnd()}\n${FENCE}`;
}
