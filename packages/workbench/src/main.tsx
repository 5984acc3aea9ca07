import { render } from 'preact';
import { App } from './app.tsx';
import { start } from './session/index.ts';
import './style.css';

const page = document.getElementById('page');
if (page === null) {
  throw new Error('index.html has no element for the page.');
}
render(<App />, page);
void start();
