import { sourcePages, type SourcePage } from '../.vitepress/sources.ts';

export default { paths: (): readonly SourcePage[] => sourcePages() };
