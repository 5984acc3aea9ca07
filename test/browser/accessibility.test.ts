/** No rule of WCAG A or AA is broken by any pane, dark and light, and as it is projected. */
import { describe, expect, test, vi } from 'vitest';
import { hasChromium } from './chromium.ts';
import { says, SMALL, useWorkbench, violations } from './workbench.ts';

vi.setConfig({ testTimeout: 120_000 });

describe.skipIf(!hasChromium)('all panes of the inspector', () => {
  const bench = useWorkbench();

  test.each([
    ['dark', ''],
    ['light', ''],
    ['dark', '&present=on'],
    ['light', '&present=on'],
  ])('%s%s', async (theme, present) => {
    const page = await bench.open(`${SMALL.replace('native', 'passthrough')}${present}`);
    await page.evaluate((name) => {
      document.documentElement.dataset.theme = name;
    }, theme);
    // With something in them.
    for (const line of ['b exit', 'b doorbell.TAIL', 'help']) {
      await says(page, line);
    }
    const found: string[] = await violations(page).then((all) => [...all]);
    const tabs = page.getByRole('tab');
    const count = await tabs.count();
    expect(count).toBeGreaterThanOrEqual(12);
    for (let at = 0; at < count; at++) {
      await tabs.nth(at).click();
      await page.getByRole('tabpanel').getByText(/ …$/).first().waitFor({ state: 'detached' });
      const name = (await tabs.nth(at).textContent()) ?? '';
      found.push(...(await violations(page, '.inspector')).map((each) => `${name}: ${each}`));
    }
    expect(found).toEqual([]);
  });
});
