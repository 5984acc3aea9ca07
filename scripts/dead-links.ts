/** The links of a built site that lead nowhere: to a page that is not there, or to no place on it. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const EXTERNAL = /^(?:[a-z][a-z+.-]*:|\/\/)/i;

interface Page {
  readonly links: readonly string[];
  readonly anchors: ReadonlySet<string>;
}

/** One line each. @param site  the folder that is served as `/`. */
export function deadLinks(site: string): readonly string[] {
  const files = readdirSync(site, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.html'))
    .map((path) => join(site, path));
  const pages = new Map(files.sort().map((file) => [file, pageOf(readFileSync(file, 'utf8'))]));
  return [...pages].flatMap(([file, { links }]) =>
    [...new Set(links)]
      .map((link) => ({ link, why: whyDead(link, file, site, pages) }))
      .filter(({ why }) => why !== undefined)
      .map(({ link, why }) => `${relative(site, file)} links to ${link}: ${why}`),
  );
}

/** Both generators write attributes in double quotes. */
function pageOf(html: string): Page {
  const all = (pattern: RegExp): string[] =>
    [...html.matchAll(pattern)].map(([, value]) => unescaped(value));
  return {
    links: [...all(/<a\s[^>]*?href="([^"]*)"/g), ...all(/<img\s[^>]*?src="([^"]*)"/g)],
    anchors: new Set(all(/\s(?:id|name)="([^"]*)"/g)),
  };
}

function unescaped(text: string): string {
  const characters: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => characters[name]);
}

function whyDead(
  link: string,
  from: string,
  site: string,
  pages: ReadonlyMap<string, Page>,
): string | undefined {
  if (EXTERNAL.test(link)) {
    return undefined;
  }
  const [, path, anchor] = /^([^?#]*)[^#]*#?(.*)$/.exec(link)!.map(decodeURIComponent);
  const file = fileOf(path, from, site);
  const page = pages.get(file);
  if (page === undefined) {
    return existsSync(file) ? undefined : 'there is no such page';
  }
  return anchor === '' || page.anchors.has(anchor) ? undefined : 'there is no such place on it';
}

function fileOf(path: string, from: string, site: string): string {
  const file =
    path === '' ? from : path.startsWith('/') ? join(site, path) : join(dirname(from), path);
  return existsSync(file) && statSync(file).isDirectory() ? join(file, 'index.html') : file;
}
