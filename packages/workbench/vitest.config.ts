import { defineConfig } from 'vitest/config';

// Not the page's own: its plugins are for what runs in a browser.
export default defineConfig({ test: { environment: 'node' } });
