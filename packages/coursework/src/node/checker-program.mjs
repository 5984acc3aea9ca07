// A thread's program is plain JavaScript, as Node 20 has no TypeScript; the rest it loads by tsx.
import { register } from 'tsx/esm/api';

register({ tsconfig: false });
await import('./checker-main.ts');
