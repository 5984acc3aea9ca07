/** What commands say, as text: for a terminal and for the page. */
export { plainColors, type TextColors, type TextLayout } from './layout.ts';
export { lspciText } from './lspci.ts';
export { leakText, sensitiveText } from './sensitive.ts';
export { renderTable, type Align } from './table.ts';
export { wrap } from './wrap.ts';
