/** The site of these documents: `npm run site` builds it, `npm run site:dev` serves it while one writes. */
import { fileURLToPath } from 'node:url';
import { defineConfig, type MarkdownEnv, type MarkdownRenderer } from 'vitepress';
import { siteLink } from './links.ts';
import { sidebar } from './sidebar.ts';

const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='7' fill='%230f766e'/%3E%3Cpath d='M9 21h14l-2-3v-5a5 5 0 0 0-10 0v5z' fill='%23fff'/%3E%3Ccircle cx='16' cy='24' r='2' fill='%23fff'/%3E%3C/svg%3E";

/** Links to files become links to pages, before VitePress looks at them. */
function linkToPages(md: MarkdownRenderer): void {
  md.core.ruler.push('link-to-pages', ({ tokens, env }: { tokens: Token[]; env: MarkdownEnv }) => {
    for (const link of tokens.flatMap(({ children }) => children ?? [])) {
      const href = link.type === 'link_open' ? link.attrGet('href') : null;
      if (href !== null) {
        link.attrSet('href', siteLink(href, env.path));
      }
    }
  });
}

/** As GitHub makes it, so that a link to a heading is good there and here. */
function headingId(heading: string): string {
  const words = heading.trim().toLowerCase();
  return words.replace(/[^\p{L}\p{N}\p{Pc}\- ]/gu, '').replaceAll(' ', '-');
}

type Token = ReturnType<MarkdownRenderer['parse']>[number];

export default defineConfig({
  title: 'Doorbell',
  description: 'A lab for GPU virtualization: every way that a virtual machine can reach a GPU.',
  lang: 'en',
  head: [['link', { rel: 'icon', href: icon }]],
  cacheDir: fileURLToPath(new URL('../../.cache/vitepress', import.meta.url)),
  rewrites: { ':folder/README.md': ':folder/index.md' },
  markdown: {
    config: linkToPages,
    anchor: { slugify: headingId },
    languageAlias: { vfio: 'shellscript' },
  },
  transformPageData: ({ params }) =>
    typeof params?.path === 'string' ? { title: params.path } : undefined,
  themeConfig: {
    nav: [
      { text: 'Start', link: '/getting-started' },
      { text: 'Lessons', link: '/lessons/register-write' },
      { text: 'Labs', link: '/labs/' },
      { text: 'Reference', link: '/reference/bell' },
      // Made by typedoc, beside the pages that VitePress knows.
      { text: 'API', link: '/api/index.html', target: '_self', noIcon: true },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    search: {
      provider: 'local',
      options: {
        // What is searched are the words: to colour code that nobody sees took a third of the build.
        _render: (text, env, md) => {
          const { highlight } = md.options;
          md.set({ highlight: null });
          const html = md.render(text, env);
          md.set({ highlight });
          return env.frontmatter?.search === false ? '' : html;
        },
      },
    },
    docFooter: { prev: 'Before', next: 'Next' },
  },
});
