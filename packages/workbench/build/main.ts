/** `npm run build` */
import { buildSite, siteFolder } from './site.ts';

await buildSite();
process.stdout.write(`${siteFolder}\n`);
