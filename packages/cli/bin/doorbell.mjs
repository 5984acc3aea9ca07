#!/usr/bin/env node
import { register } from 'tsx/esm/api';

// The tsconfig of whatever folder the command is called in is none of our business.
register({ tsconfig: false });
await import('../src/main.ts');
