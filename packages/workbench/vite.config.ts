import preact from '@preact/preset-vite';
import { defineConfig } from 'vite';
import { data } from './build/data.ts';
import { drivers } from './build/drivers.ts';
import { lessons } from './build/lessons.ts';

export default defineConfig({
  // The site may lie in any folder of any host.
  base: './',
  plugins: [preact({ reactAliasesEnabled: false }), data(), drivers(), lessons()],
  worker: { format: 'es', plugins: () => [data(), drivers()] },
  build: { target: 'es2022', chunkSizeWarningLimit: 1500 },
});
