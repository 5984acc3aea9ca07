export * from './access.ts';
export * from './leak.ts';
export * from './report.ts';
