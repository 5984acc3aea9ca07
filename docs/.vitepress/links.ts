/**
 * Where a link of a document leads on the site. Documents link to files beside them, as they must to
 * be of use in a checkout; a file that is no page of the site is shown by one under `/source/`.
 */
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { docs, root } from './documents.ts';

/** The site's own addresses, anchors of the same page, and other sites. */
const LEFT_ALONE = /^(?:[a-z]+:|#|\/)/;

/** What a link of `page` names, as a path in the file system; undefined: nothing in this repository. */
export function linkTarget(href: string, page: string): string | undefined {
  if (LEFT_ALONE.test(href)) {
    return undefined;
  }
  const target = resolve(dirname(sourceOf(page)), decodeURI(href.replace(/[?#].*$/, '')));
  if (!existsSync(target) || relative(root, target).startsWith('..')) {
    throw new Error(`${relative(root, page)} links to ${href}, which is not there.`);
  }
  return target;
}

/** CONTRIBUTING.md is shown by a page of another folder, and its links are from its own. */
function sourceOf(page: string): string {
  return page === join(docs, 'contributing.md') ? join(root, 'CONTRIBUTING.md') : page;
}

/** Whether it is shown by a page that shows source files. */
export function isSource(target: string): boolean {
  const isPage = target.startsWith(docs) && target.endsWith('.md');
  return !isPage && target !== join(root, 'CONTRIBUTING.md');
}

/** The link as it stands on the site. @throws Error when it leads nowhere. */
export function siteLink(href: string, page: string): string {
  const target = linkTarget(href, page);
  if (target === undefined) {
    return href;
  }
  const [anchor = ''] = /#.*$/.exec(href) ?? [];
  return `/${isSource(target) ? sourcePage(target) : documentPage(target)}${anchor}`;
}

function sourcePage(target: string): string {
  return `source/${relative(root, target)}.md`;
}

function documentPage(target: string): string {
  return target === join(root, 'CONTRIBUTING.md')
    ? 'contributing.md'
    : relative(docs, target).replace(/README\.md$/, 'index.md');
}
