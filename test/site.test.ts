/** The site of docs/, without building it: what it is made of fits together. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { DefaultTheme } from 'vitepress';
import { docs, documentsIn, ownTexts, root } from '../docs/.vitepress/documents.ts';
import { linkTarget, siteLink } from '../docs/.vitepress/links.ts';
import { sidebar } from '../docs/.vitepress/sidebar.ts';
import { linksOf, sourcePages } from '../docs/.vitepress/sources.ts';
import { deadLinks } from '../scripts/dead-links.ts';

function linksIn(items: readonly DefaultTheme.SidebarItem[]): readonly string[] {
  return items.flatMap(({ link, items: inside = [] }) => [
    ...(link === undefined ? [] : [link]),
    ...linksIn(inside),
  ]);
}

describe('the sidebar', () => {
  const links = linksIn(sidebar());

  it('reaches every page but the first, each once', () => {
    const pages = documentsIn()
      .filter((path) => path !== 'index.md' && !path.startsWith('source'))
      .map((path) => `/${path.replace(/(README)?\.md$/, '')}`);
    expect([...links].sort()).toEqual([...pages].sort());
  });

  it('has the lessons in the order of README.md', () => {
    expect(links.filter((link) => link.startsWith('/lessons/')).slice(0, 2)).toEqual([
      '/lessons/register-write',
      '/lessons/virtqueue',
    ]);
  });
});

describe('a link', () => {
  const page = join(docs, 'mechanisms', 'iommu.md');

  it('to a document leads to its page, with the anchor', () => {
    expect(siteLink('../glossary.md#iova', page)).toBe('/glossary.md#iova');
    expect(siteLink('README.md', page)).toBe('/mechanisms/index.md');
  });

  it('to a file outside leads to a page that shows it', () => {
    const path = 'packages/hypervisor/src/iommu.ts';
    expect(siteLink(`../../${path}`, page)).toBe(`/source/${path}.md`);
    expect(sourcePages().map(({ params }) => params.path)).toContain(path);
  });

  it('of CONTRIBUTING.md is from its own folder', () => {
    expect(siteLink('docs/glossary.md', join(docs, 'contributing.md'))).toBe('/glossary.md');
  });

  it('to nothing, or out of the repository, is refused', () => {
    expect(() => siteLink('../no-such-page.md', page)).toThrow(
      'docs/mechanisms/iommu.md links to ../no-such-page.md, which is not there.',
    );
    expect(() => siteLink('../../..', page)).toThrow('which is not there');
  });

  it('in code is none', () => {
    expect(linksOf('[a](b.md) `[c](d.md)` ![e](f.png)\n```ts\n[g](h.md)\n```\n')).toEqual(['b.md']);
  });
});

it.each([join(root, 'README.md'), ...ownTexts()])('%s links to what is there', (page) => {
  for (const href of linksOf(readFileSync(page, 'utf8'))) {
    const target = linkTarget(href, page);
    expect(target === undefined || existsSync(target), href).toBe(true);
  }
});

describe('deadLinks', () => {
  const site = mkdtempSync(join(tmpdir(), 'doorbell-site-'));
  afterAll(() => {
    rmSync(site, { recursive: true });
  });
  const write = (path: string, html: string): void => {
    mkdirSync(dirname(join(site, path)), { recursive: true });
    writeFileSync(join(site, path), html);
  };

  it('names the pages and the places that are not there', () => {
    write('index.html', '<h1 id="top">A</h1><a href="#top"></a><a class="x" href="/b/">B</a>');
    write(
      'b/index.html',
      '<a href="../index.html#top"></a><a href="../index.html#none"></a><a href="/c.html"></a><a href="https://example.org/"></a><img src="a.png">',
    );
    expect(deadLinks(site)).toEqual([
      'b/index.html links to ../index.html#none: there is no such place on it',
      'b/index.html links to /c.html: there is no such page',
      'b/index.html links to a.png: there is no such page',
    ]);
  });
});
