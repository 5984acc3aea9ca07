/** Files between the tests and the page. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';

/** Drops a file on the page, as a person does. */
export async function drop(page: Page, name: string, contents: Uint8Array): Promise<void> {
  const transfer = await page.evaluateHandle(
    ([file, base64]) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], file));
      return data;
    },
    [name, Buffer.from(contents).toString('base64')] as const,
  );
  for (const type of ['dragover', 'drop']) {
    await page.dispatchEvent('main', type, { dataTransfer: transfer });
  }
}

/** What the page saves. @param kind  as the menu calls it. */
export async function saved(page: Page, kind: string): Promise<Buffer> {
  await page.getByText('Save', { exact: true }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: kind }).click(),
  ]);
  await page.getByText('Save', { exact: true }).click();
  return readFile(await download.path());
}
